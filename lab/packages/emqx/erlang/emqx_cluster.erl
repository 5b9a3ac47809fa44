%% The cluster: one Mnesia database over all nodes.
%%
%% A node with a database resumes, and waits without end for those that may have a newer copy of a table. One without
%% begins as a cluster of itself, serves, and joins the oldest of the seeds a moment later: what it had is gone then, and
%% its listeners close for a moment. So it is in EMQX.
-module(emqx_cluster).
-behaviour(gen_server).
-export([resume/1, start_link/1, serving/0, pause/0]).
-export([status/0, told_to_join/1, leave/0, force_leave/1, pending_tables/0, force_load/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).
%% Called on other nodes.
-export([identity/0, forget/1, running/0]).

-define(PROBE_MS, 2000).
-define(DISCOVERY_DELAY_MS, 1500).
-define(DISCOVERY_RETRY_MS, 2000).
-define(WAITING_SAID_MS, 10000).
-define(AUTOHEAL_DELAY_MS, 15000).
-define(SERVING, emqx_cluster_serving).

%% Starts Mnesia with what is on the disk, or empty.
-spec resume(map()) -> ok.
resume(#{<<"seeds">> := Seeds}) ->
    Others = [binary_to_atom(Seed) || Seed <- Seeds] -- [node()],
    case mnesia:system_info(use_dir) of
        true ->
            is_expelled(Others) andalso error({schema_is_not_of_this_cluster, Others}),
            ok = mnesia:start(),
            await_tables();
        false ->
            found()
    end.

found() ->
    ok = mnesia:create_schema([node()]),
    ok = mnesia:start().

%% The databases of those that this node's knows do not know this node any more.
is_expelled(Others) ->
    Former = known(),
    Members = [Members || {Node, #{members := Members}} <- ask(Others), lists:member(Node, Former)],
    Members =/= [] andalso not lists:any(fun(Known) -> lists:member(node(), Known) end, Members).

await_tables() ->
    case mnesia:wait_for_tables(mnesia:system_info(local_tables), ?WAITING_SAID_MS) of
        ok ->
            ok;
        {timeout, Tables} ->
            logger:warning("mria_mnesia: still waiting for table(s): ~0p", [Tables]),
            await_tables()
    end.

%% Tables that wait for a node that is down, and what ends that at the price of what the other node knew.
-spec pending_tables() -> [atom()].
pending_tables() ->
    [Table || Table <- mnesia:system_info(local_tables), mnesia:table_info(Table, load_node) =:= unknown].

-spec force_load([atom()]) -> [{atom(), term()}].
force_load(Tables) ->
    [{Table, mnesia:force_load_table(Table)} || Table <- Tables].

%% {Running, Stopped}.
-spec status() -> {[node()], [node()]}.
status() ->
    Running = running(),
    {lists:sort(Running), lists:sort(known() -- Running)}.

-spec start_link(map()) -> {ok, pid()}.
start_link(Boot) ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, Boot, []).

%% The node serves clients from now on, or does not for a while.
-spec serving() -> ok.
serving() ->
    persistent_term:put(?SERVING, erlang:system_time()),
    gen_server:cast(?MODULE, serving).

-spec pause() -> ok.
pause() ->
    persistent_term:erase(?SERVING),
    ok.

%% Joins a node's cluster, and gives up what this one had.
-spec join(node()) -> ok | ignore | {error, term()}.
join(Node) when Node =:= node() ->
    ignore;
join(Node) ->
    case {lists:member(Node, known()), ask([Node])} of
        {true, _} -> {error, {already_in_cluster, Node}};
        {false, []} -> {error, {node_down, Node}};
        {false, _} ->
            Former = running() -- [node()],
            emqx_node:restart(fun() ->
                drop(Former),
                enter(Node)
            end)
    end.

%% The same where somebody tells this node to, of which EMQX from 5.9 on asks the other one; discovery asks nobody.
-spec told_to_join(node()) -> ok | ignore | {error, term()}.
told_to_join(Node) when Node =:= node() ->
    ignore;
told_to_join(Node) ->
    try erpc:call(Node, emqx_license, may_join, [node()], ?PROBE_MS) of
        ok -> join(Node);
        Refused -> Refused
    catch
        error:{erpc, _} -> {error, {node_down, Node}}
    end.

%% Goes on alone, and looks for no cluster until it is started anew.
-spec leave() -> ok | {error, term()}.
leave() ->
    case running() -- [node()] of
        [] ->
            {error, node_not_in_cluster};
        Others ->
            ok = gen_server:call(?MODULE, stop_discovery),
            emqx_node:restart(fun() ->
                drop(Others),
                found()
            end)
    end.

%% Removes another node: a running one is told to leave, a stopped one is forgotten.
-spec force_leave(node()) -> ok | ignore | {error, term()}.
force_leave(Node) when Node =:= node() ->
    ignore;
force_leave(Node) ->
    case {lists:member(Node, known()), lists:member(Node, running())} of
        {false, _} -> {error, node_not_in_cluster};
        {true, true} -> erpc:call(Node, ?MODULE, leave, [], 60000);
        {true, false} -> forget(Node)
    end.

%% Asked by others

-spec identity() -> #{since := undefined | integer(), members := [node()]}.
identity() ->
    #{since => persistent_term:get(?SERVING, undefined), members => known()}.

running() -> mnesia:system_info(running_db_nodes).

%% A node whose Mnesia does not run, if it is known at all.
-spec forget(node()) -> ok | {error, term()}.
forget(Node) ->
    case lists:member(Node, known()) andalso mnesia:del_table_copy(schema, Node) of
        false -> ok;
        {atomic, ok} -> ok;
        {aborted, Reason} -> {error, Reason}
    end.

known() -> mnesia:system_info(db_nodes).

%% The process

init(#{<<"seeds">> := Seeds, <<"autoheal">> := Autoheal, <<"autoclean_ms">> := Autoclean}) ->
    {ok, #{seeds => [binary_to_atom(Seed) || Seed <- Seeds], autoheal => Autoheal, autoclean => Autoclean,
           discovery => true, down => #{}}}.

handle_call(stop_discovery, _, State) ->
    {reply, ok, State#{discovery := false}}.

handle_cast(serving, State) ->
    _ = mnesia:subscribe(system),
    ok = emqx_router:members(running()),
    Down = maps:from_list([{Node, now_ms()} || Node <- known() -- running()]),
    [clean_later(Node, State) || Node <- maps:keys(Down)],
    _ = erlang:send_after(?DISCOVERY_DELAY_MS, self(), discover),
    {noreply, State#{down := Down}}.

handle_info({mnesia_system_event, {mnesia_up, _}}, State) ->
    ok = emqx_router:members(running()),
    {noreply, State};
handle_info({mnesia_system_event, {mnesia_down, Node}}, #{down := Down} = State) when Node =/= node() ->
    logger:notice("~ts is down", [Node]),
    ok = emqx_router:members(running()),
    clean_later(Node, State),
    {noreply, State#{down := Down#{Node => now_ms()}}};
handle_info({mnesia_system_event, {inconsistent_database, _, Node}}, #{autoheal := true} = State) ->
    logger:critical("was parted from ~ts", [Node]),
    _ = erlang:send_after(?AUTOHEAL_DELAY_MS, self(), {heal, Node}),
    {noreply, State};
handle_info({heal, Node}, #{seeds := Seeds} = State) ->
    case not lists:member(Node, running()) andalso loses_to(running_of(Node), Seeds) of
        true -> aside(fun() -> emqx_node:restart(fun() -> ok = mnesia:start(), await_tables() end) end);
        false -> ok
    end,
    {noreply, State};
handle_info({clean, Node, Autoclean}, #{down := Down} = State) ->
    case {lists:member(Node, known() -- running()), Down} of
        {true, #{Node := Since}} -> now_ms() - Since >= Autoclean andalso aside(fun() -> force_leave(Node) end);
        _ -> ok
    end,
    {noreply, State};
handle_info(discover, #{discovery := true, seeds := Seeds} = State) ->
    case persistent_term:get(?SERVING, undefined) =:= undefined orelse discover(Seeds) of
        again -> erlang:send_after(?DISCOVERY_RETRY_MS, self(), discover);
        _ -> ok
    end,
    {noreply, State};
handle_info(_, State) ->
    {noreply, State}.

%% A restart waits for this process.
aside(Work) ->
    _ = spawn(Work),
    ok.

clean_later(_, #{autoclean := null}) -> ok;
clean_later(Node, #{autoclean := Milliseconds}) -> erlang:send_after(Milliseconds, self(), {clean, Node, Milliseconds}).

%% Until every seed answers and is in this cluster.
discover(Seeds) ->
    Others = Seeds -- [node()],
    Serving = [{At, Node} || {Node, #{since := At}} <- ask(Others), At =/= undefined],
    {_, Oldest} = lists:min([{persistent_term:get(?SERVING, infinity), node()} | Serving]),
    case lists:member(Oldest, known()) of
        true ->
            case length(Serving) =:= length(Others) andalso [Node || {_, Node} <- Serving] -- known() of
                [] -> done;
                _ -> again
            end;
        false ->
            logger:notice("Ekka(AutoCluster): joining with ~ts", [Oldest]),
            aside(fun() -> join(Oldest) end)
    end.

%% Takes this node out of the others' database, and its own away. Mnesia is stopped.
drop(Others) ->
    _ = [erpc:call(Other, ?MODULE, forget, [node()], 10000) || Other <- lists:sublist(Others, 1)],
    case mnesia:delete_schema([node()]) of
        ok -> ok;
        {error, _} -> file:del_dir_r(mnesia:system_info(directory))
    end.

enter(Node) ->
    %% A host that was replaced without its disk has this node's name, and the cluster still counts on its tables.
    _ = erpc:call(Node, ?MODULE, forget, [node()], 10000),
    ok = mnesia:start(),
    case mnesia:change_config(extra_db_nodes, [Node]) of
        {ok, [_ | _]} ->
            {atomic, ok} = mnesia:change_table_copy_type(schema, node(), disc_copies),
            [copy_table(Table, Node) || Table <- mnesia:system_info(tables), Table =/= schema],
            await_tables();
        Refused ->
            logger:error("~ts did not take this node into its cluster: ~p", [Node, Refused]),
            stopped = mnesia:stop(),
            found()
    end.

copy_table(Table, From) ->
    Type = erpc:call(From, mnesia, table_info, [Table, storage_type], 5000),
    case mnesia:add_table_copy(Table, node(), Type) of
        {atomic, ok} -> ok;
        {aborted, {already_exists, Table, _}} -> ok
    end.

%% Of two parts of a cluster the one with fewer nodes gives way; of equal ones that without the first seed.
loses_to(unknown, _) -> false;
loses_to(Theirs, Seeds) -> weight(Theirs, Seeds) > weight(running(), Seeds).

weight(Nodes, Seeds) ->
    {length(Nodes), -lists:min([rank(Node, Seeds) || Node <- Nodes])}.

rank(Node, Seeds) ->
    length(lists:takewhile(fun(Seed) -> Seed =/= Node end, Seeds)).

running_of(Node) ->
    try
        erpc:call(Node, ?MODULE, running, [], ?PROBE_MS)
    catch
        _:_ -> unknown
    end.

%% What each node that answers says of itself; all are asked at once.
ask([]) ->
    [];
ask(Nodes) ->
    Answers = erpc:multicall(Nodes, ?MODULE, identity, [], ?PROBE_MS),
    [{Node, Answer} || {Node, {ok, Answer}} <- lists:zip(Nodes, Answers)].

now_ms() -> erlang:monotonic_time(millisecond).
