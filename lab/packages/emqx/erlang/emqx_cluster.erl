%% The cluster: one Mnesia database over all nodes, formed from the static seeds before ejabberd starts on it.
%%
%% A node with a database of its own resumes; one without joins the first seed that has a cluster, and founds one when
%% there is none. The seeds' order keeps two new nodes from founding one each: the first seed founds at once, every
%% further one waits longer. Should it happen all the same, the smaller cluster's nodes join the larger one later.
-module(emqx_cluster).
-export([form/1, serve/0, watch/1, unwatch/0, status/0, leave/0, force_leave/1]).
%% Called on other nodes.
-export([membership/0, running/0]).

-define(SERVING, emqx_cluster_serving).
-define(PROBE_MS, 2000).
-define(FOUND_STEP_MS, 4000).
-define(FORMING_LIMIT_MS, 60000).
-define(TABLES_MS, 15000).
-define(WATCH_MS, 3000).
%% Exit codes that ask emqx_standin/node.py for something: keep the two in step.
-define(RESTART, 75).
-define(RESTART_EMPTY, 76).

%% Starts Mnesia as a member of the seeds' cluster. ejabberd may start once this returns.
-spec form([node()]) -> ok.
form(Seeds) ->
    Others = Seeds -- [node()],
    case mnesia:system_info(use_dir) of
        true -> resume(Others);
        false -> enter(Others, rank(node(), Seeds) * ?FOUND_STEP_MS)
    end.

%% Other nodes may join from now on.
-spec serve() -> ok.
serve() ->
    persistent_term:put(?SERVING, true).

%% Repairs what partitions and simultaneous first starts leave; never returns.
-spec watch([node()]) -> no_return().
watch(Seeds) ->
    true = register(?MODULE, self()),
    {ok, _} = mnesia:subscribe(system),
    forget_sessions_of(known() -- running()),
    watch_loop(Seeds).

%% Ends the watching process, and with it the listeners, which it owns: the first step of every orderly end.
-spec unwatch() -> ok.
unwatch() ->
    case whereis(?MODULE) of
        undefined -> ok;
        Pid -> exit(Pid, kill), ok
    end.

%% {Running, Stopped}.
-spec status() -> {[node()], [node()]}.
status() ->
    Running = running(),
    {lists:sort(Running), lists:sort(known() -- Running)}.

%% Leaves the cluster. This node's database is then worthless: the caller restarts without it.
-spec leave() -> ok | {error, term()}.
leave() ->
    case running() -- [node()] of
        [] ->
            {error, node_not_in_cluster};
        [Other | _] ->
            Node = node(),
            ok = unwatch(),
            ok = emqx_clients:stop_all(),
            ok = application:stop(ejabberd),
            stopped = mnesia:stop(),
            case erpc:call(Other, mnesia, del_table_copy, [schema, Node], 10000) of
                {atomic, ok} -> ok;
                {aborted, Reason} -> {error, Reason}
            end
    end.

%% Removes another node: a running one is told to leave, a stopped one is forgotten.
-spec force_leave(node()) -> ok | ignore | {error, term()}.
force_leave(Node) when Node =:= node() ->
    ignore;
force_leave(Node) ->
    case {lists:member(Node, known()), lists:member(Node, running())} of
        {false, _} ->
            {error, {node_not_in_cluster, Node}};
        {true, true} ->
            erpc:call(Node, emqx_control, leave, [], 15000);
        {true, false} ->
            forget_sessions_of([Node]),
            case mnesia:del_table_copy(schema, Node) of
                {atomic, ok} -> ok;
                {aborted, Reason} -> {error, Reason}
            end
    end.

membership() ->
    case persistent_term:get(?SERVING, false) of
        true -> {serving, known()};
        false -> forming
    end.

running() -> mnesia:system_info(running_db_nodes).

known() -> mnesia:system_info(db_nodes).

%% Starting

resume(Others) ->
    Expelled = [Node || {Node, {serving, Members}} <- probe(Others), not lists:member(node(), Members)],
    Keepers = [Node || {Node, {serving, Members}} <- probe(Others), lists:member(node(), Members)],
    case {Expelled, Keepers} of
        {[_ | _], []} ->
            logger:notice("this node was removed from its cluster: joining anew"),
            halt(?RESTART_EMPTY);
        _ ->
            ok = mnesia:start(),
            load_tables()
    end.

enter(Others, WaitMs) ->
    enter(Others, now_ms() + WaitMs, now_ms() + ?FORMING_LIMIT_MS).

enter(Others, FoundAt, GiveUpAt) ->
    Answers = probe(Others),
    Serving = [{length(Members), Node} || {Node, {serving, Members}} <- Answers],
    Forming = [Node || {Node, forming} <- Answers],
    Now = now_ms(),
    if
        Serving =/= [] ->
            {_, Node} = lists:max(Serving),
            join(Node);
        Now >= GiveUpAt; Now >= FoundAt andalso (Forming =:= [] orelse FoundAt + ?FOUND_STEP_MS =< Now) ->
            found();
        Now >= FoundAt ->
            %% Another node is just starting: let the first of the two found the cluster.
            case lists:min([node() | Forming]) of
                First when First =:= node() -> found();
                _ -> timer:sleep(200), enter(Others, FoundAt, GiveUpAt)
            end;
        true ->
            timer:sleep(200),
            enter(Others, FoundAt, GiveUpAt)
    end.

found() ->
    logger:notice("founding a cluster"),
    ok = mnesia:create_schema([node()]),
    ok = mnesia:start().

join(Node) ->
    logger:notice("joining the cluster of ~ts", [Node]),
    %% A host that was replaced without its disk has this node's name, and the cluster still counts on its tables.
    _ = erpc:call(Node, ?MODULE, force_leave, [node()], 10000),
    ok = mnesia:start(),
    case mnesia:change_config(extra_db_nodes, [Node]) of
        {ok, [_ | _]} ->
            {atomic, ok} = mnesia:change_table_copy_type(schema, node(), disc_copies),
            [copy_table(Table, Node) || Table <- mnesia:system_info(tables), Table =/= schema],
            load_tables();
        Refused ->
            logger:error("~ts did not take this node into its cluster: ~p", [Node, Refused]),
            halt(?RESTART_EMPTY)
    end.

copy_table(Table, From) ->
    Type = erpc:call(From, mnesia, table_info, [Table, storage_type], 5000),
    case mnesia:add_table_copy(Table, node(), Type) of
        {atomic, ok} -> ok;
        {aborted, {already_exists, Table, _}} -> ok
    end.

%% A table whose newest copy is on a node that is down would be waited for without end: after a power cut of the whole
%% cluster a broker that serves what it has is worth more.
load_tables() ->
    case mnesia:wait_for_tables(mnesia:system_info(local_tables), ?TABLES_MS) of
        ok -> ok;
        {timeout, Tables} -> [mnesia:force_load_table(Table) || Table <- Tables], ok
    end.

%% Watching

watch_loop(Seeds) ->
    receive
        {mnesia_system_event, {mnesia_down, Node}} ->
            logger:notice("~ts is down", [Node]),
            forget_sessions_of([Node]);
        {mnesia_system_event, {inconsistent_database, _, Node}} ->
            logger:notice("was parted from ~ts", [Node]),
            loses_to(Node, running_of(Node), running() -- [Node], Seeds) andalso halt(?RESTART);
        {mnesia_system_event, _} ->
            ok
    after ?WATCH_MS ->
        [loses_to(Node, Members, known(), Seeds) andalso halt(?RESTART_EMPTY)
         || {Node, {serving, Members}} <- probe(Seeds -- known()), not lists:member(node(), Members)]
    end,
    watch_loop(Seeds).

%% Of two clusters the one with fewer nodes gives way; of equal ones that without the first seed.
loses_to(_, Theirs, Ours, Seeds) when is_list(Theirs) ->
    weight(Theirs, Seeds) > weight(Ours, Seeds);
loses_to(_, _, _, _) ->
    false.

weight(Nodes, Seeds) ->
    {length(Nodes), -lists:min([rank(Node, Seeds) || Node <- Nodes])}.

running_of(Node) ->
    try erpc:call(Node, ?MODULE, running, [], ?PROBE_MS) of
        Running -> Running -- [node()]
    catch
        _:_ -> unknown
    end.

%% ejabberd takes a session on a node that is gone for a living one: its client would wait for it to answer.
forget_sessions_of([]) ->
    ok;
forget_sessions_of(Nodes) ->
    [forget(Table, Position, Nodes) || {Table, Position} <- [{mqtt_session, 3}, {mqtt_sub, 5}]],
    ok.

forget(Table, Position, Nodes) ->
    [mnesia:dirty_delete_object(Row)
     || Key <- mnesia:dirty_all_keys(Table), Row <- mnesia:dirty_read(Table, Key),
        lists:member(node(element(Position, Row)), Nodes)].

%% Helpers

%% What each node that answers says of itself; all are asked at once.
probe([]) ->
    [];
probe(Nodes) ->
    Answers = erpc:multicall(Nodes, ?MODULE, membership, [], ?PROBE_MS),
    [{Node, Answer} || {Node, {ok, Answer}} <- lists:zip(Nodes, Answers)].

rank(Node, Seeds) ->
    length(lists:takewhile(fun(Seed) -> Seed =/= Node end, Seeds)).

now_ms() -> erlang:monotonic_time(millisecond).
