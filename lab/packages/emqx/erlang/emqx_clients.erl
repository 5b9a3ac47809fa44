%% The MQTT sessions of this node: what the gate knows of their clients, what ejabberd knows of them, and their end.
-module(emqx_clients).
-export([start_link/0, info/3, entered/2, left/1]).
-export([list/0, named/1, kick/1, stats/0, stop_all/0]).

%% Positions in ejabberd's record of a session's state (mod_mqtt_session): the same in 23.01 and 24.12.
-define(SOCKET, 4).
-define(TIMEOUT, 6).
-define(EXPIRY, 8).
-define(ACKS, 12).
-define(SUBSCRIPTIONS, 13).
-define(IN_FLIGHT, 16).
-define(QUEUE, 18).

-define(CLIENTS, emqx_clients).
%% Of emqx_socket: it lives here since connections come and go.
-define(PARTIAL, emqx_partial_subscriptions).

%% Keeps the table of clients, without those whose session has ended.
-spec start_link() -> {ok, pid()}.
start_link() ->
    Asker = self(),
    Keeper = spawn_link(fun() ->
        true = register(?MODULE, self()),
        _ = ets:new(?CLIENTS, [named_table, public, {read_concurrency, true}]),
        _ = ets:new(?PARTIAL, [named_table, public]),
        Asker ! {self(), ready},
        keep()
    end),
    receive {Keeper, ready} -> {ok, Keeper} end.

keep() ->
    receive
        {watch, Session} -> _ = monitor(process, Session);
        {'DOWN', _, process, Session, _} -> true = ets:delete(?CLIENTS, Session);
        _ -> ok
    end,
    keep().

%% What of a client is told later.
-spec info(emqx_identity:client(), emqx_packet:connect(), {inet:ip_address(), inet:port_number()}) -> map().
info(#{client_id := ClientId, username := Username, is_superuser := Superuser, listener := Listener}, Connect, {Host, Port}) ->
    #{version := Version, clean_start := CleanStart, keepalive := KeepAlive} = Connect,
    #{
        clientid => ClientId,
        username => Username,
        peerhost => list_to_binary(inet:ntoa(Host)),
        peerport => Port,
        proto_ver => Version,
        clean_start => CleanStart,
        keepalive => KeepAlive,
        is_superuser => Superuser,
        listener => Listener,
        connected_at => erlang:system_time(millisecond)
    }.

%% The session's client is connected.
-spec entered(pid(), map()) -> ok.
entered(Session, Info) ->
    true = ets:insert(?CLIENTS, {Session, Info}),
    ?MODULE ! {watch, Session},
    ok.

%% The session's client is not connected any more; the session may wait for it.
-spec left(pid()) -> ok.
left(Session) ->
    _ = [ets:insert(?CLIENTS, {Session, Info#{disconnected_at => erlang:system_time(millisecond)}})
         || {_, Info} <- ets:lookup(?CLIENTS, Session)],
    ok.

%% One map per session on this node; a value that is not kept is left out.
-spec list() -> [map()].
list() ->
    described(lists:keysort(2, ets:tab2list(?CLIENTS))).

%% Those of one client id.
-spec named(binary()) -> [map()].
named(ClientId) ->
    described([Kept || {_, #{clientid := Id}} = Kept <- ets:tab2list(?CLIENTS), Id =:= ClientId]).

%% Side by side: a session that is busy takes its time once.
described(Kept) ->
    Asked = [erpc:send_request(node(), fun() -> describe(Each) end) || Each <- Kept],
    lists:flatmap(fun erpc:receive_response/1, Asked).

%% Ends the sessions of a client id wherever they are in the cluster; how many there were.
-spec kick(binary()) -> non_neg_integer().
kick(ClientId) ->
    Sessions = emqx_router:sessions(ClientId),
    [Session ! {replaced, self()} || Session <- Sessions],
    length(Sessions).

-spec stats() -> #{atom() => non_neg_integer()}.
stats() ->
    Clients = list(),
    Count = fun(Kept) -> length(lists:filter(Kept, Clients)) end,
    Subscriptions = lists:sum([maps:get(subscriptions, C) || C <- Clients]),
    Now = #{
        'channels' => length(Clients),
        'cluster_sessions' => emqx_router:count(),
        'connections' => length(Clients),
        'delayed' => 0,
        'durable_subscriptions' => 0,
        'live_connections' => Count(fun(#{connected := Connected}) -> Connected end),
        'retained' => mnesia:table_info(emqx_retained, size),
        'sessions' => length(Clients),
        'suboptions' => Subscriptions,
        'subscribers' => Count(fun(#{subscriptions := Number}) -> Number > 0 end),
        'subscriptions' => Subscriptions,
        'subscriptions.shared' => 0,
        'topics' => emqx_router:topics()
    },
    Most = maps:merge_with(fun(_, A, B) -> max(A, B) end, persistent_term:get({?MODULE, most}, #{}), Now),
    Most =:= persistent_term:get({?MODULE, most}, #{}) orelse persistent_term:put({?MODULE, most}, Most),
    maps:from_list(
        [{suffixed(Name, ".count"), Value} || {Name, Value} <- maps:to_list(Now)] ++
        [{suffixed(Name, ".max"), Value} || {Name, Value} <- maps:to_list(Most)]
    ).

suffixed(Name, Suffix) -> list_to_atom(atom_to_list(Name) ++ Suffix).

%% Closes every session in order, so that clients are told.
-spec stop_all() -> ok.
stop_all() ->
    [spawn(fun() -> catch sys:terminate(Session, shutdown, 5000) end) || {Session, _} <- ets:tab2list(?CLIENTS)],
    await_none(50).

await_none(0) ->
    ok;
await_none(Rounds) ->
    case ets:info(?CLIENTS, size) of
        0 -> ok;
        _ -> timer:sleep(100), await_none(Rounds - 1)
    end.

describe({Session, Info}) ->
    try sys:get_state(Session, 1000) of
        State when element(1, State) =:= state ->
            [Info#{
                expiry_interval => expiry(element(?EXPIRY, State)),
                subscriptions => map_size(element(?SUBSCRIPTIONS, State)),
                inflight => case element(?IN_FLIGHT, State) of undefined -> 0; _ -> 1 end,
                awaiting_rel => map_size(element(?ACKS, State)),
                mqueue_len => queue_length(element(?QUEUE, State)),
                connected => element(?SOCKET, State) =/= undefined
            }]
    catch
        % As EMQX has it, which keeps what was last known of a client: one that is busy is there.
        exit:{timeout, _} ->
            Unknown = #{expiry_interval => 0, subscriptions => 0, inflight => 0, awaiting_rel => 0, mqueue_len => 0},
            [maps:merge(Unknown#{connected => not is_map_key(disconnected_at, Info)}, Info)];
        exit:_ -> []
    end.

expiry(infinity) -> 16#FFFFFFFF;
expiry(Milliseconds) -> Milliseconds div 1000.

queue_length(undefined) -> 0;
queue_length(Queue) -> p1_queue:len(Queue).
