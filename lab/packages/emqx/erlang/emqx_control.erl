%% The broker's Erlang side: starts ejabberd as one node of the cluster, and answers the programs of emqx_standin over a
%% socket in the data folder. A request is one line, `COMMAND ARGUMENT...` separated by spaces, each argument
%% percent-encoded; the answer is one JSON text, and the connection ends.
-module(emqx_control).
-export([start/0]).
%% Called on other nodes.
-export([leave/0, node_info/0, clients/0]).

-define(STATE, emqx_control_state).
-define(FAILED, 78).
-define(LEFT, 77).

%% The file of settings is named by EMQX_STANDIN_SETTINGS: Erlang terms, {Key, Value} each.
-spec start() -> ok.
start() ->
    _ = spawn(fun boot/0),
    ok.

boot() ->
    process_flag(trap_exit, true),
    %% systemd signals every process of the unit: node.py asks for the orderly end.
    ok = os:set_signal(sigterm, ignore),
    try
        {ok, Settings} = file:consult(os:getenv("EMQX_STANDIN_SETTINGS")),
        persistent_term:put(?STATE, starting),
        open_socket(proplists:get_value(control_socket, Settings)),
        Seeds = proplists:get_value(seeds, Settings),
        ok = emqx_cluster:form(Seeds),
        {ok, _} = application:ensure_all_started(ejabberd),
        [listen(Listener) || Listener <- proplists:get_value(listeners, Settings)],
        ok = emqx_cluster:serve(),
        persistent_term:put(?STATE, running),
        emqx_cluster:watch(Seeds)
    catch
        Class:Reason:Stack ->
            logger:critical("the broker cannot start: ~p:~p ~p", [Class, Reason, Stack]),
            halt(?FAILED)
    end.

listen(#{name := Name, port := Port} = Listener) ->
    case emqx_listener:start(Listener) of
        ok ->
            ok;
        {error, Reason} ->
            logger:critical("listener ~ts cannot listen on port ~b: ~ts", [Name, Port, inet:format_error(Reason)]),
            halt(?FAILED)
    end.

%% The socket

open_socket(Path) ->
    _ = file:delete(Path),
    {ok, Listen} = gen_tcp:listen(0, [binary, {ifaddr, {local, Path}}, {packet, line}, {active, false}]),
    ok = file:change_mode(Path, 8#600),
    Acceptor = spawn(fun() -> receive go -> accept(Listen) end end),
    ok = gen_tcp:controlling_process(Listen, Acceptor),
    Acceptor ! go.

accept(Listen) ->
    {ok, Socket} = gen_tcp:accept(Listen),
    Handler = spawn(fun() -> receive go -> answer(Socket) end end),
    ok = gen_tcp:controlling_process(Socket, Handler),
    Handler ! go,
    accept(Listen).

answer(Socket) ->
    case gen_tcp:recv(Socket, 0, 5000) of
        {ok, Line} ->
            [Command | Arguments] = string:lexemes(string:trim(Line), " "),
            Answer =
                try
                    run(Command, [uri_string:percent_decode(A) || A <- Arguments])
                catch
                    Class:Reason -> #{error => iolist_to_binary(io_lib:format("~p: ~0p", [Class, Reason]))}
                end,
            _ = gen_tcp:send(Socket, [jiffy:encode(Answer), $\n]),
            gen_tcp:close(Socket);
        {error, _} ->
            gen_tcp:close(Socket)
    end.

%% The commands

run(<<"state">>, []) ->
    #{state => persistent_term:get(?STATE)};
run(<<"cluster">>, []) ->
    cluster();
run(<<"self">>, []) ->
    {UptimeMs, _} = erlang:statistics(wall_clock),
    #{node => node(), uptime => UptimeMs};
run(<<"nodes">>, []) ->
    {Running, Stopped} = emqx_cluster:status(),
    Answers = erpc:multicall(Running, ?MODULE, node_info, [], 5000),
    #{running => [Info || {ok, Info} <- Answers], stopped => Stopped};
run(<<"clients">>, []) ->
    emqx_clients:list();
run(<<"clients">>, [<<"cluster">>]) ->
    {Running, _} = emqx_cluster:status(),
    [Client || {ok, Clients} <- erpc:multicall(Running, ?MODULE, clients, [], 5000), Client <- Clients];
run(<<"kick">>, [ClientId]) ->
    #{kicked => emqx_clients:kick(ClientId)};
run(<<"stats">>, []) ->
    emqx_clients:stats();
run(<<"listeners">>, []) ->
    emqx_listener:list();
run(<<"leave">>, []) ->
    outcome(leave());
run(<<"force-leave">>, [Node]) ->
    outcome(emqx_cluster:force_leave(binary_to_atom(Node)));
run(<<"stop">>, []) ->
    persistent_term:put(?STATE, stopping),
    ok = emqx_cluster:unwatch(),
    ok = emqx_clients:stop_all(),
    ok = init:stop(),
    #{ok => true}.

cluster() ->
    {Running, Stopped} = emqx_cluster:status(),
    #{running => Running, stopped => Stopped}.

outcome(ok) -> #{ok => true};
outcome(ignore) -> #{ignored => true};
outcome({error, Reason}) -> #{error => iolist_to_binary(io_lib:format("~0p", [Reason]))}.

%% Also restarts the node without its database, once the answer is on its way.
leave() ->
    persistent_term:put(?STATE, starting),
    Outcome = emqx_cluster:leave(),
    _ = spawn(fun() -> timer:sleep(200), halt(?LEFT) end),
    Outcome.

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
