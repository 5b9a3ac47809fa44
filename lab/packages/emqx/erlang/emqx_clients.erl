%% What ejabberd knows about the MQTT sessions of this node, and how to end one.
-module(emqx_clients).
-export([list/0, kick/1, stats/0, stop_all/0]).

%% Positions in ejabberd's records (mod_mqtt_session's state and the table mqtt_session): the same in 23.01 and 24.12.
-define(PID, 3).
-define(OPENED, 4).
-define(SOCKET, 4).
-define(PEER, 5).
-define(TIMEOUT, 6).
-define(EXPIRY, 8).
-define(ACKS, 12).
-define(SUBSCRIPTIONS, 13).
-define(IN_FLIGHT, 16).
-define(QUEUE, 18).

%% One map per session whose process is on this node; a value that ejabberd does not keep is left out.
-spec list() -> [map()].
list() ->
    lists:flatmap(fun describe/1, local_sessions()).

%% Ends the sessions of a client id wherever they are in the cluster; how many there were.
-spec kick(binary()) -> non_neg_integer().
kick(ClientId) ->
    Pids = [element(?PID, S) || {_, _, ClientId1} = USR <- mnesia:dirty_all_keys(mqtt_session),
                                ClientId1 =:= ClientId, S <- mnesia:dirty_read(mqtt_session, USR)],
    [Pid ! {replaced, self()} || Pid <- Pids],
    length(Pids).

-spec stats() -> #{atom() => non_neg_integer()}.
stats() ->
    Clients = list(),
    Live = length([C || #{connected := true} = C <- Clients]),
    Subscriptions = lists:sum([maps:get(subscriptions, C) || C <- Clients]),
    #{
        'channels.count' => length(Clients),
        'cluster_sessions.count' => mnesia:table_info(mqtt_session, size),
        'connections.count' => length(Clients),
        'live_connections.count' => Live,
        'retained.count' => mnesia:table_info(mqtt_pub, size),
        'sessions.count' => length(Clients),
        'subscriptions.count' => Subscriptions,
        'topics.count' => mqtree:size(mqtree:whereis(mqtt_sub_index))
    }.

%% Closes every session in order, so that clients are told and the cluster's tables are clean when the node goes.
-spec stop_all() -> ok.
stop_all() ->
    [spawn(fun() -> catch sys:terminate(element(?PID, S), shutdown, 5000) end) || S <- local_sessions()],
    await_none(50).

await_none(0) ->
    ok;
await_none(Rounds) ->
    case local_sessions() of
        [] -> ok;
        _ -> timer:sleep(100), await_none(Rounds - 1)
    end.

local_sessions() ->
    [S || USR <- mnesia:dirty_all_keys(mqtt_session), S <- mnesia:dirty_read(mqtt_session, USR),
          node(element(?PID, S)) =:= node()].

describe(Session) ->
    {User, _, ClientId} = element(2, Session),
    try sys:get_state(element(?PID, Session), 1000) of
        State when element(1, State) =:= state ->
            {IP, Port} = element(?PEER, State),
            [#{
                clientid => ClientId,
                username => username(User, ClientId),
                peerhost => list_to_binary(inet:ntoa(IP)),
                peerport => Port,
                keepalive => keepalive(element(?TIMEOUT, State)),
                expiry_interval => expiry(element(?EXPIRY, State)),
                subscriptions => map_size(element(?SUBSCRIPTIONS, State)),
                inflight => case element(?IN_FLIGHT, State) of undefined -> 0; _ -> 1 end,
                awaiting_rel => map_size(element(?ACKS, State)),
                mqueue_len => queue_length(element(?QUEUE, State)),
                connected => element(?SOCKET, State) =/= undefined,
                connected_at => milliseconds(element(?OPENED, Session))
            }]
    catch
        exit:_ -> []
    end.

%% A client without a user name is given its client id as one.
username(User, ClientId) ->
    case jid:nodeprep(ClientId) of
        User -> undefined;
        _ -> User
    end.

%% ejabberd keeps the time limit that follows from the keepalive: one and a half of it.
keepalive(infinity) -> 0;
keepalive({Milliseconds, _}) -> round(Milliseconds / 1500).

expiry(infinity) -> 16#FFFFFFFF;
expiry(Milliseconds) -> Milliseconds div 1000.

queue_length(undefined) -> 0;
queue_length(Queue) -> p1_queue:len(Queue).

milliseconds({MegaSeconds, Seconds, Microseconds}) ->
    (MegaSeconds * 1000000 + Seconds) * 1000 + Microseconds div 1000.
