%% Answers the programs of emqx_standin over a socket in the data folder. A request is one line, `COMMAND ARGUMENT...`
%% separated by spaces, each argument percent-encoded; the answer is one JSON text, and the connection ends.
-module(emqx_control).
-export([open/1]).
%% Called on other nodes.
-export([node_info/0, clients/0, clients/1]).

-define(LONGEST_LINE, 65536).
-define(RUNNING_MS, 60000).
%% Programs that may ask at once: who comes to a full queue of a local socket is refused, not kept waiting.
-define(MOST_WAITING, 1024).

-spec open(file:filename()) -> ok.
open(Path) ->
    _ = file:delete(Path),
    {ok, Listen} = gen_tcp:listen(0, [
        binary, {ifaddr, {local, Path}}, {backlog, ?MOST_WAITING}, {packet, line}, {buffer, ?LONGEST_LINE}, {active, false}
    ]),
    ok = file:change_mode(Path, 8#600),
    Acceptor = spawn(fun() -> receive go -> accept(Listen) end end),
    ok = gen_tcp:controlling_process(Listen, Acceptor),
    Acceptor ! go,
    ok.

accept(Listen) ->
    {ok, Socket} = gen_tcp:accept(Listen),
    Handler = spawn(fun() -> receive go -> answer(Socket) end end),
    ok = gen_tcp:controlling_process(Socket, Handler),
    Handler ! go,
    accept(Listen).

answer(Socket) ->
    case gen_tcp:recv(Socket, 0, 5000) of
        {ok, Line} ->
            [Command | Arguments] = binary:split(string:trim(Line, trailing, "\n"), <<" ">>, [global]),
            Answer =
                try
                    run(Command, [uri_string:percent_decode(A) || A <- Arguments])
                catch
                    Class:Reason -> #{error => printed("~p: ~0p", [Class, Reason])}
                end,
            _ = gen_tcp:send(Socket, [jiffy:encode(Answer), $\n]),
            gen_tcp:close(Socket);
        {error, _} ->
            gen_tcp:close(Socket)
    end.

%% The node

run(<<"state">>, []) ->
    #{state => emqx_node:state()};
run(<<"self">>, []) ->
    {UptimeMs, _} = erlang:statistics(wall_clock),
    #{node => node(), uptime => UptimeMs, state => emqx_node:state()};
run(<<"load">>, [Path]) ->
    {ok, Text} = file:read_file(Path),
    outcome(emqx_node:load(jiffy:decode(Text, [return_maps])));
run(<<"eval">>, [Text]) ->
    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list([Text, "."])),
    {ok, Expressions} = erl_parse:parse_exprs(Tokens),
    {value, Value, _} = erl_eval:exprs(Expressions, erl_eval:new_bindings()),
    #{text => printed("~p", [Value])};
run(<<"stop">>, []) ->
    outcome(emqx_node:stop());
run(<<"stats">>, []) ->
    emqx_clients:stats();
run(<<"listeners">>, []) ->
    emqx_listener:list();
%% The cluster

run(<<"cluster">>, []) ->
    {Running, Stopped} = emqx_cluster:status(),
    Terms = #{running_nodes => Running, stopped_nodes => Stopped},
    #{
        running => Running,
        stopped => Stopped,
        %% As EMQX prints them.
        text => printed("Cluster status: ~p", [Terms]),
        json => jiffy:encode({[{stopped_nodes, Stopped}, {running_nodes, Running}]}, [pretty])
    };
run(<<"nodes">>, []) ->
    {Running, Stopped} = emqx_cluster:status(),
    Answers = erpc:multicall(Running, ?MODULE, node_info, [], 5000),
    #{running => [Info || {ok, Info} <- Answers], stopped => Stopped};
run(<<"join">>, [Node]) ->
    changed(emqx_cluster:told_to_join(binary_to_atom(Node)));
run(<<"leave">>, []) ->
    changed(emqx_cluster:leave());
run(<<"force-leave">>, [Node]) ->
    outcome(emqx_cluster:force_leave(binary_to_atom(Node)));
run(<<"pending-tables">>, []) ->
    emqx_cluster:pending_tables();
run(<<"license">>, [<<"info">>]) ->
    [[Name, Value] || {Name, Value} <- emqx_license:info()];
run(<<"license">>, [<<"judge">>, Key]) ->
    case emqx_license:judge(Key) of
        {ok, _} -> outcome(ok);
        Error -> outcome(Error)
    end;
run(<<"force-load">>, Tables) ->
    Wanted = case Tables of [] -> emqx_cluster:pending_tables(); _ -> [binary_to_existing_atom(T) || T <- Tables] end,
    #{text => printed("~p", [emqx_cluster:force_load(Wanted)])};
%% Clients

run(<<"clients">>, []) ->
    emqx_clients:list();
run(<<"clients">>, [<<"cluster">> | Wanted]) ->
    {Running, _} = emqx_cluster:status(),
    [Client || {ok, Clients} <- erpc:multicall(Running, ?MODULE, clients, Wanted, 5000), Client <- Clients];
run(<<"kick">>, [ClientId]) ->
    #{kicked => emqx_clients:kick(ClientId)};
run(<<"banned">>, [<<"list">>]) ->
    emqx_banned:list();
run(<<"banned">>, [<<"add">>, As, Who, By, Reason, At, Until]) ->
    End = case Until of <<"infinity">> -> infinity; _ -> binary_to_integer(Until) end,
    outcome(emqx_banned:add({binary_to_existing_atom(As), Who}, By, Reason, binary_to_integer(At), End));
run(<<"banned">>, [<<"remove">>, As, Who]) ->
    outcome(emqx_banned:remove(binary_to_existing_atom(As), Who));
run(<<"banned">>, [<<"clear">>]) ->
    outcome(emqx_banned:clear());
run(<<"retained">>, []) ->
    emqx_retained:list();
%% What is exported and imported

run(<<"backup">>, [<<"tables">>]) ->
    emqx_backup:tables();
run(<<"backup">>, [<<"dump">>, Table, Path]) ->
    outcome(emqx_backup:dump(binary_to_existing_atom(Table), Path));
run(<<"backup">>, [<<"restore">>, Table, Path]) ->
    outcome(emqx_backup:restore(binary_to_existing_atom(Table), Path));
%% Users of the built-in database: CHAIN is `global` or a listener's name

run(<<"users">>, [<<"list">>, Chain, Id]) ->
    emqx_users:list(users(Chain, Id));
run(<<"users">>, [<<"find">>, Chain, Id, User]) ->
    answer_of(emqx_users:find(users(Chain, Id), User));
run(<<"users">>, [<<"add">>, Chain, Id, User, Password, Superuser]) ->
    answer_of(emqx_users:add(users(Chain, Id), User, Password, Superuser =:= <<"true">>));
run(<<"users">>, [<<"change">>, Chain, Id, User, Superuser | Password]) ->
    Flag = case Superuser of <<"-">> -> undefined; _ -> Superuser =:= <<"true">> end,
    answer_of(emqx_users:change(users(Chain, Id), User, case Password of [] -> undefined; [P] -> P end, Flag));
run(<<"users">>, [<<"remove">>, Chain, Id, User]) ->
    outcome(emqx_users:remove(users(Chain, Id), User));
run(<<"users">>, [<<"clear">>, Chain, Id]) ->
    outcome(emqx_users:clear(users(Chain, Id)));
run(<<"users">>, [<<"import">>, Chain, Id, Type, Name, Path]) ->
    {ok, Content} = file:read_file(Path),
    answer_of(emqx_users:import(users(Chain, Id), Type, Name, Content));
%% The dashboard

run(<<"login">>, [Username, Password]) ->
    case emqx_admins:login(Username, Password) of
        {ok, Token, Role} -> #{token => Token, role => Role};
        error -> #{error => <<"Auth failed">>}
    end;
run(<<"logout">>, [Token]) ->
    outcome(emqx_admins:logout(Token));
run(<<"token">>, [Token]) ->
    answer_of(emqx_admins:owner(Token));
run(<<"key">>, [Key, Secret]) ->
    answer_of(emqx_admins:key(Key, Secret));
run(<<"admins">>, [<<"list">>]) ->
    emqx_admins:list();
run(<<"admins">>, [<<"add">>, Username, Password, Role, Description]) ->
    outcome(emqx_admins:add(Username, Password, Role, Description));
run(<<"admins">>, [<<"passwd">>, Username, Password]) ->
    outcome(emqx_admins:passwd(Username, Password));
run(<<"admins">>, [<<"change">>, Username, Former, Password]) ->
    outcome(emqx_admins:change_passwd(Username, Former, Password));
run(<<"admins">>, [<<"del">>, Username]) ->
    outcome(emqx_admins:remove(Username));
run(<<"keys">>, [<<"list">>]) ->
    emqx_admins:keys();
run(<<"keys">>, [<<"add">>, Name, Properties]) ->
    answer_of(emqx_admins:add_key(Name, jiffy:decode(Properties, [return_maps])));
run(<<"keys">>, [<<"del">>, Name]) ->
    outcome(emqx_admins:remove_key(Name));
%% The configuration

run(<<"overrides">>, []) ->
    emqx_conf:overrides();
run(<<"started">>, [Number]) ->
    outcome(emqx_conf:started(binary_to_integer(Number)));
run(<<"commit">>, [Path]) ->
    {ok, Text} = file:read_file(Path),
    case emqx_conf:commit(jiffy:decode(Text, [return_maps])) of
        {ok, Answers} -> #{nodes => [#{node => Node, outcome => printed("~0p", [Outcome])} || {Node, Outcome} <- Answers]};
        {error, Reason} -> #{error => printed("~0p", [Reason])}
    end;
run(<<"applied">>, [Number]) ->
    outcome(emqx_conf:applied(binary_to_integer(Number), ok));
run(<<"applied">>, [Number, Reason]) ->
    outcome(emqx_conf:applied(binary_to_integer(Number), {error, Reason}));
run(<<"position">>, []) ->
    [#{node => Node, number => Number} || {Node, Number} <- emqx_conf:position()].

users(<<"global">>, Id) -> users(global, Id);
users(Chain, Id) ->
    case emqx_policy:authenticator({Chain, Id}) of
        {ok, Settings} -> Settings;
        error -> error({not_found, {authenticator, Id}})
    end.

%% The node begins anew.
changed(ok) ->
    ok = emqx_node:await_running(?RUNNING_MS),
    outcome(ok);
changed(Other) ->
    outcome(Other).

outcome(ok) -> #{ok => true};
outcome(ignore) -> #{ignored => true};
outcome({error, Reason}) when is_binary(Reason) -> #{error => Reason};
outcome({error, Reason}) -> #{error => printed("~0p", [Reason])}.

answer_of({ok, Answer}) -> #{ok => Answer};
answer_of(error) -> outcome({error, not_found});
answer_of(Other) -> outcome(Other).

printed(Format, Arguments) -> unicode:characters_to_binary(io_lib:format(Format, Arguments)).

%% Asked on each node

node_info() ->
    {UptimeMs, _} = erlang:statistics(wall_clock),
    #{
        node => node(),
        uptime => UptimeMs,
        process_used => erlang:system_info(process_count),
        process_available => erlang:system_info(process_limit),
        memory_used => erlang:memory(total),
        otp_release => list_to_binary(erlang:system_info(otp_release)),
        stats => emqx_clients:stats()
    }.

clients() ->
    [Client#{node => node()} || Client <- emqx_clients:list()].

clients(ClientId) ->
    [Client#{node => node()} || Client <- emqx_clients:named(ClientId)].
