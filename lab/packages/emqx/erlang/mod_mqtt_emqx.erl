%% Where ejabberd's MQTT keeps sessions and subscriptions: its own backend asks all nodes at each message, and fails
%% when one of them is just starting, which closes the sender's connection; here every node knows them all (emqx_router).
-module(mod_mqtt_emqx).
-behaviour(mod_mqtt).
-export([init/0, open_session/1, close_session/1, lookup_session/1, get_sessions/2]).
-export([subscribe/4, unsubscribe/2, find_subscriber/2]).
%% Called on other nodes.
-export([is_alive/1]).

%% A session that another node holds and that does not answer in this time is taken for gone.
-define(ANSWER_MS, 5000).

init() ->
    ok.

open_session({_, _, ClientId}) ->
    emqx_router:open(ClientId).

close_session({_, _, ClientId}) ->
    emqx_router:close(ClientId).

lookup_session({_, _, ClientId}) ->
    case [Session || Session <- emqx_router:sessions(ClientId), answers(Session)] of
        [Session | _] -> {ok, Session};
        [] -> {error, notfound}
    end.

%% Asked when a user is removed; there are none.
get_sessions(_, _) ->
    [].

subscribe({_, _, ClientId}, Filter, Options, Id) ->
    {Group, Topics} = emqx_topic:of_session(Filter),
    emqx_router:subscribe({Topics, Group, ClientId}, Options, Id).

unsubscribe({_, _, ClientId}, Filter) ->
    {Group, Topics} = emqx_topic:of_session(Filter),
    emqx_router:unsubscribe({Topics, Group, ClientId}).

%% The subscribers of a topic one after the other: the continuation is those who are left.
find_subscriber(_, Topic) when is_binary(Topic) ->
    next(emqx_router:subscribers(Topic));
find_subscriber(_, Left) ->
    next(Left).

next([Subscriber | Left]) -> {ok, Subscriber, Left};
next([]) -> {error, notfound}.

answers(Session) when node(Session) =:= node() ->
    is_process_alive(Session);
answers(Session) ->
    try
        erpc:call(node(Session), ?MODULE, is_alive, [Session], ?ANSWER_MS)
    catch
        _:_ -> false
    end.

is_alive(Session) -> is_process_alive(Session).
