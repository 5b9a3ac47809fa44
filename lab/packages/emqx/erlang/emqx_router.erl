%% Sessions and subscriptions of the whole cluster, on every node: each tells the others of its own, and forgets those of
%% a node that is gone. So no message waits for another node, and none is lost on those that stay when one comes or goes.
-module(emqx_router).
-behaviour(gen_server).
-export([start_link/0, members/1]).
-export([open/1, close/1, sessions/1, count/0, topics/0]).
-export([subscribe/3, unsubscribe/1, subscribers/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

%% {ClientId, Session, Opened}: of two sessions of one client the one that was opened later counts.
-define(SESSIONS, emqx_sessions).
%% {Key, Options, Id}, ordered by the key. A session that follows another one has its own: what of the two is heard last
%% depends on where they are.
-define(SUBSCRIPTIONS, emqx_subscriptions).
%% {Session, {client, ClientId} | {Filter, Group, ClientId}}: what ends with a session.
-define(HELD, emqx_held).
%% {Filter, Number}: filters with the number of their subscriptions. Each is in the tree, by which topics find them.
-define(FILTERS, emqx_filters).
-define(TREE, emqx_filter_tree).

-type wanted() :: {Filter :: binary(), Group :: none | binary(), ClientId :: binary()}.
%% Key is {Filter, Group, ClientId, Session}.

-spec start_link() -> {ok, pid()}.
start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

%% The nodes with which this one is in a cluster, from now on.
-spec members([node()]) -> ok.
members(Nodes) ->
    gen_server:call(?MODULE, {members, Nodes -- [node()]}).

%% Of the calling session

-spec open(binary()) -> ok.
open(ClientId) ->
    gen_server:call(?MODULE, {open, ClientId, self()}).

-spec close(binary()) -> ok.
close(ClientId) ->
    gen_server:call(?MODULE, {close, ClientId, self()}).

-spec subscribe(wanted(), term(), non_neg_integer()) -> ok.
subscribe(Wanted, Options, Id) ->
    gen_server:call(?MODULE, {subscribe, {key(Wanted, self()), Options, Id}}).

-spec unsubscribe(wanted()) -> ok | {error, notfound}.
unsubscribe(Wanted) ->
    gen_server:call(?MODULE, {unsubscribe, key(Wanted, self())}).

%% Of the cluster

-spec sessions(binary()) -> [pid()].
sessions(ClientId) ->
    [Session || {_, Session, _} <- ets:lookup(?SESSIONS, ClientId)].

-spec count() -> non_neg_integer().
count() ->
    ets:info(?SESSIONS, size).

-spec topics() -> non_neg_integer().
topics() ->
    ets:info(?FILTERS, size).

%% As mod_mqtt wants them: {Session, Options, Id}. Of a shared subscription's group one gets the message.
-spec subscribers(binary()) -> [{pid(), term(), non_neg_integer()}].
subscribers(Topic) ->
    Found = lists:flatmap(fun of_filter/1, lists:usort(mqtree:match(mqtree:whereis(?TREE), Topic))),
    Own = [{Session, Options, Id} || {{_, none, _, Session}, Options, Id} <- Found],
    Shared = lists:foldl(fun
        ({{_, none, _, _}, _, _}, Groups) -> Groups;
        ({{Filter, Group, _, Session}, Options, Id}, Groups) ->
            maps:update_with({Filter, Group}, fun(Others) -> [{Session, Options, Id} | Others] end, [{Session, Options, Id}], Groups)
    end, #{}, Found),
    Own ++ [lists:nth(rand:uniform(length(Members)), Members) || Members <- maps:values(Shared)].

of_filter(Filter) ->
    ets:match_object(?SUBSCRIPTIONS, {{Filter, '_', '_', '_'}, '_', '_'}).

key({Filter, Group, ClientId}, Session) -> {Filter, Group, ClientId, Session}.

%% The process

init([]) ->
    _ = ets:new(?SESSIONS, [named_table, {read_concurrency, true}]),
    _ = ets:new(?SUBSCRIPTIONS, [named_table, ordered_set, {read_concurrency, true}]),
    _ = ets:new(?HELD, [named_table, bag]),
    _ = ets:new(?FILTERS, [named_table]),
    %% The tree is known by a name that outlives this process's tables, so it begins empty with them.
    mqtree:whereis(?TREE) =:= undefined orelse mqtree:unregister(?TREE),
    mqtree:register(?TREE, mqtree:new()),
    %% Nodes whose sessions are known here, and nodes that want to be told of ours.
    {ok, #{members => [], followers => []}}.

handle_call({members, Nodes}, _, #{members := Former, followers := Followers} = State) ->
    [forget(Node) || Node <- Former -- Nodes],
    [tell([Node], {follow, node()}) || Node <- Nodes -- Former],
    {reply, ok, State#{members := Nodes, followers := [Node || Node <- Followers, lists:member(Node, Nodes)]}};
handle_call({open, ClientId, Session}, _, #{followers := Followers} = State) ->
    Opened = {ClientId, Session, erlang:system_time()},
    ok = opened(Opened),
    _ = monitor(process, Session),
    tell(Followers, {opened, Opened}),
    {reply, ok, State};
handle_call({close, ClientId, Session}, _, #{followers := Followers} = State) ->
    ok = closed(ClientId, Session),
    tell(Followers, {closed, ClientId, Session}),
    {reply, ok, State};
handle_call({subscribe, Subscription}, _, #{followers := Followers} = State) ->
    ok = subscribed(Subscription),
    tell(Followers, {subscribed, Subscription}),
    {reply, ok, State};
handle_call({unsubscribe, Key}, _, #{followers := Followers} = State) ->
    Answer = unsubscribed(Key),
    tell(Followers, {unsubscribed, Key}),
    {reply, Answer, State}.

handle_cast({from, Node, {follow, Node}}, #{followers := Followers} = State) ->
    Ours = {[S || {_, Session, _} = S <- ets:tab2list(?SESSIONS), node(Session) =:= node()],
            [S || {{_, _, _, Session}, _, _} = S <- ets:tab2list(?SUBSCRIPTIONS), node(Session) =:= node()]},
    tell([Node], {known, Ours}),
    {noreply, State#{followers := lists:usort([Node | Followers])}};
handle_cast({from, Node, News}, #{members := Members} = State) ->
    lists:member(Node, Members) andalso learn(Node, News),
    {noreply, State}.

%% A session that ended without a word.
handle_info({'DOWN', _, process, Session, _}, #{followers := Followers} = State) ->
    ended(Session),
    tell(Followers, {ended, Session}),
    {noreply, State};
handle_info(_, State) ->
    {noreply, State}.

tell(Nodes, News) ->
    [erlang:send({?MODULE, Node}, {'$gen_cast', {from, node(), News}}, [nosuspend]) || Node <- Nodes],
    ok.

learn(Node, {known, {Sessions, Subscriptions}}) ->
    forget(Node),
    lists:foreach(fun opened/1, Sessions),
    lists:foreach(fun subscribed/1, Subscriptions);
learn(_, {opened, Opened}) -> opened(Opened);
learn(_, {closed, ClientId, Session}) -> closed(ClientId, Session);
learn(_, {subscribed, Subscription}) -> subscribed(Subscription);
learn(_, {unsubscribed, Key}) -> unsubscribed(Key);
learn(_, {ended, Session}) -> ended(Session).

opened({ClientId, Session, At} = Opened) ->
    case ets:lookup(?SESSIONS, ClientId) of
        [{_, Session, _}] ->
            ok;
        [{_, Other, Later}] when Later > At ->
            take_over(Session, Other);
        Former ->
            _ = [take_over(Before, Session) || {_, Before, _} <- Former],
            true = ets:insert(?SESSIONS, Opened),
            true = ets:insert(?HELD, {Session, {client, ClientId}}),
            ok
    end.

%% Each node ends its own.
take_over(Former, Session) when node(Former) =:= node() ->
    Former ! {replaced, Session},
    ok;
take_over(_, _) ->
    ok.

closed(ClientId, Session) ->
    true = ets:delete_object(?HELD, {Session, {client, ClientId}}),
    true = ets:match_delete(?SESSIONS, {ClientId, Session, '_'}),
    ok.

%% Of one client's sessions the newest one's counts: one that was taken over relays what it still gets, and the client
%% would have it twice.
subscribed({{Filter, Group, ClientId, Session} = Key, _, _} = Subscription) ->
    Newest = sessions(ClientId),
    Others = [Other || {{_, _, _, Theirs} = Other, _, _} <- ets:match_object(?SUBSCRIPTIONS, {{Filter, Group, ClientId, '_'}, '_', '_'}),
                       Theirs =/= Session],
    case [Theirs || {_, _, _, Theirs} <- Others, [Theirs] =:= Newest] of
        [] ->
            _ = [unsubscribed(Other) || Other <- Others, Newest =:= [Session]],
            ets:member(?SUBSCRIPTIONS, Key) orelse counted(Filter, 1),
            true = ets:insert(?SUBSCRIPTIONS, Subscription),
            true = ets:insert(?HELD, {Session, {Filter, Group, ClientId}}),
            ok;
        [_] ->
            ok
    end.

unsubscribed({Filter, Group, ClientId, Session} = Key) ->
    true = ets:delete_object(?HELD, {Session, {Filter, Group, ClientId}}),
    case ets:take(?SUBSCRIPTIONS, Key) of
        [_] -> counted(Filter, -1), ok;
        [] -> {error, notfound}
    end.

counted(Filter, Change) ->
    case ets:update_counter(?FILTERS, Filter, Change, {Filter, 0}) of
        0 ->
            true = ets:delete(?FILTERS, Filter),
            mqtree:delete(mqtree:whereis(?TREE), Filter);
        1 when Change =:= 1 ->
            mqtree:insert(mqtree:whereis(?TREE), Filter);
        _ ->
            ok
    end.

ended(Session) ->
    lists:foreach(fun
        ({_, {client, ClientId}}) -> closed(ClientId, Session);
        ({_, Wanted}) -> unsubscribed(key(Wanted, Session))
    end, ets:lookup(?HELD, Session)).

forget(Node) ->
    Sessions = lists:usort([Session || {Session, _} <- ets:tab2list(?HELD), node(Session) =:= Node]),
    lists:foreach(fun ended/1, Sessions).
