%% Where ejabberd's MQTT keeps sessions, subscriptions and retained messages: its own backend asks all nodes at each
%% message, and fails when one of them is just starting, which closes the sender's connection; here every node knows them
%% all (emqx_router, emqx_retained).
-module(mod_mqtt_emqx).
-behaviour(mod_mqtt).
-export([init/0, init/2, use_cache/1, publish/6, delete_published/2, lookup_published/2, list_topics/1]).
-export([open_session/1, close_session/1, lookup_session/1, get_sessions/2]).
-export([subscribe/4, unsubscribe/2, find_subscriber/2]).
%% Called on other nodes.
-export([is_alive/1]).

%% A session that another node holds and that does not answer in this time is taken for gone.
-define(ANSWER_MS, 5000).
%% As long as the one that asks for it waits.
-define(HANDOVER_MS, 60000).

init() ->
    ok.

%% Retained messages

init(_, _) ->
    ok.

use_cache(_) ->
    false.

publish(Sender, Topic, Payload, QoS, Properties, Expiry) ->
    emqx_retained:store(Sender, Topic, Payload, QoS, Properties, Expiry, erlang:system_time(millisecond)).

delete_published(Sender, Topic) ->
    emqx_retained:delete(Sender, Topic).

lookup_published(_, Topic) ->
    emqx_retained:find(Topic).

list_topics(_) ->
    {ok, emqx_retained:topics()}.

%% Sessions and subscriptions

open_session({_, _, ClientId}) ->
    emqx_router:open(ClientId).

close_session({_, _, ClientId}) ->
    emqx_router:close(ClientId).

lookup_session({_, _, ClientId}) ->
    case [Session || Session <- emqx_router:sessions(ClientId), answers(Session)] of
        [Session | _] -> {ok, deputy(Session)};
        [] -> {error, notfound}
    end.

%% A session gives its state to whoever asks first, and refuses those that come later: of a client that tries again while
%% an earlier try is under way, the later one. In EMQX they take the session over one after the other, so whoever comes
%% later is sent on to the one that has it by then.
deputy(Session) ->
    Asker = self(),
    spawn(fun() ->
        _ = monitor(process, Asker),
        receive
            {'$gen_call', From, {get_state, New}} -> gen_server:reply(From, state(Session, New));
            {'DOWN', _, process, Asker, _} -> ok
        end
    end).

state(Session, New) ->
    case p1_server:call(Session, {get_state, New}, ?HANDOVER_MS) of
        {error, {resumed, Next}} -> state(Next, New);
        Answer -> Answer
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
