%% The life of this node: a member of its cluster's database, then ejabberd and the listeners with the settings that the
%% companion gives, and again from the start when the node joins or leaves a cluster. The settings are asked for each
%% time, since a member takes the cluster's configuration over.
-module(emqx_node).
-behaviour(gen_server).
-export([start/0, state/0, load/1, restart/1, stop/0, await_running/1]).
-export([init/1, handle_call/3, handle_cast/2]).

-define(STATE, emqx_node_state).
-define(FAILED, 1).

%% The file that EMQX_STANDIN_BOOT names says in JSON what is needed before the settings: see emqx_standin/boot.py.
-spec start() -> ok.
start() ->
    _ = spawn(fun boot/0),
    ok.

boot() ->
    try
        {ok, Text} = file:read_file(os:getenv("EMQX_STANDIN_BOOT")),
        Boot = jiffy:decode(Text, [return_maps]),
        state(starting),
        ok = emqx_signals:install(),
        {ok, _} = application:ensure_all_started(inets),
        {ok, _} = application:ensure_all_started(ssl),
        {ok, _} = application:ensure_all_started(jose),
        ok = emqx_listener:start_table(),
        {ok, _} = emqx_clients:start_link(),
        {ok, _} = emqx_router:start_link(),
        {ok, _} = emqx_conf:start_link(Boot),
        ok = emqx_control:open(binary_to_list(maps:get(<<"control_socket">>, Boot))),
        {ok, _} = emqx_companion:start_link([binary_to_list(Word) || Word <- maps:get(<<"companion">>, Boot)]),
        ok = emqx_cluster:resume(Boot),
        {ok, _} = gen_server:start_link({local, ?MODULE}, ?MODULE, [], []),
        {ok, _} = emqx_cluster:start_link(Boot),
        receive never -> ok end
    catch
        Class:Reason:Stack ->
            fail("the broker cannot start: ~p:~p ~p", [Class, Reason, Stack])
    end.

%% starting, loading (it waits for its settings), running or stopping.
-spec state() -> starting | loading | running | stopping.
state() ->
    persistent_term:get(?STATE, starting).

%% Puts settings in force: those of a start, or changed ones.
-spec load(map()) -> ok | {error, term()}.
load(Settings) ->
    gen_server:call(?MODULE, {load, Settings}, infinity).

%% Ends everything, changes the database by `Change`, which leaves it started, and begins anew.
-spec restart(fun(() -> Result)) -> Result.
restart(Change) ->
    gen_server:call(?MODULE, {restart, Change}, infinity).

-spec await_running(timeout()) -> ok | timeout.
await_running(Milliseconds) when Milliseconds =< 0 ->
    timeout;
await_running(Milliseconds) ->
    case state() of
        running -> ok;
        _ -> timer:sleep(100), await_running(Milliseconds - 100)
    end.

%% Ends the node in order.
-spec stop() -> ok.
stop() ->
    case whereis(?MODULE) of
        undefined -> init:stop();
        _ -> gen_server:call(?MODULE, stop, infinity)
    end.

init([]) ->
    ok = create_tables(),
    state(loading),
    {ok, #{ejabberd => undefined}}.

handle_call({load, #{<<"ejabberd">> := Ejabberd} = Settings}, _, #{ejabberd := Former} = State) ->
    case {apply_settings(Settings), state()} of
        {ok, loading} ->
            ok = emqx_admins:ensure(maps:get(<<"dashboard">>, Settings)),
            {ok, _} = application:ensure_all_started(ejabberd),
            open_listeners(Settings),
            state(running),
            emqx_cluster:serving(),
            {reply, ok, State#{ejabberd := Ejabberd}};
        {ok, running} ->
            #{<<"api_keys">> := Keys, <<"import_keys">> := Import} = maps:get(<<"dashboard">>, Settings),
            Import andalso emqx_admins:import(Keys),
            Ejabberd =:= Former orelse ejabberd_config:reload(),
            {reply, emqx_listener:set(listeners(Settings)), State#{ejabberd := Ejabberd}};
        {ok, Other} ->
            {reply, {error, Other}, State};
        {{error, Reason}, loading} ->
            fail("the broker cannot start: ~0p", [Reason]);
        {{error, Reason}, _} ->
            {reply, {error, Reason}, State}
    end;
handle_call({restart, Change}, _, State) ->
    close(starting),
    stopped = mnesia:stop(),
    Result = Change(),
    ok = create_tables(),
    state(loading),
    {reply, Result, State};
handle_call(stop, _, State) ->
    close(stopping),
    ok = init:stop(),
    {reply, ok, State}.

handle_cast(_, State) ->
    {noreply, State}.

apply_settings(#{<<"license">> := Licence} = Settings) ->
    case emqx_policy:apply(Settings) of
        ok -> emqx_license:load(Licence);
        Error -> Error
    end.

close(Next) ->
    state(Next),
    ok = emqx_cluster:pause(),
    ok = emqx_listener:stop_all(),
    ok = emqx_clients:stop_all(),
    _ = application:stop(ejabberd),
    ok = emqx_license:stop(),
    ok = emqx_router:members([]).

state(State) ->
    persistent_term:put(?STATE, State),
    whereis(emqx_companion) =:= undefined orelse emqx_companion:tell(#{event => state, state => State}),
    ok.

create_tables() ->
    ok = emqx_users:create_table(),
    ok = emqx_admins:create_tables(),
    ok = emqx_banned:create_tables(),
    ok = emqx_retained:create_table(),
    ok = emqx_conf:create_table(),
    ok = mnesia:wait_for_tables(mnesia:system_info(local_tables), infinity).

open_listeners(Settings) ->
    case emqx_listener:set(listeners(Settings)) of
        ok -> ok;
        {error, Failed} ->
            fail("~ts", [[io_lib:format("Failed to start listener ~ts: ~ts. ", [Name, reason(Reason)])
                          || {Name, Reason} <- Failed]])
    end.

reason(no_cert) -> "no_cert";
reason(Posix) -> inet:format_error(Posix).

listeners(#{<<"listeners">> := Listeners}) ->
    [listener(Listener) || #{<<"enable">> := true} = Listener <- Listeners].

listener(#{<<"name">> := Name, <<"transport">> := Transport} = Listener) ->
    {ok, IP} = inet:parse_address(binary_to_list(maps:get(<<"address">>, Listener))),
    #{
        name => Name,
        transport => binary_to_existing_atom(Transport),
        ip => IP,
        port => maps:get(<<"port">>, Listener),
        acceptors => maps:get(<<"acceptors">>, Listener),
        backlog => maps:get(<<"backlog">>, Listener),
        nodelay => maps:get(<<"nodelay">>, Listener),
        max_connections => limit(maps:get(<<"max_connections">>, Listener)),
        max_conn_rate => rate(maps:get(<<"max_conn_rate">>, Listener)),
        proxy_protocol => maps:get(<<"proxy_protocol">>, Listener),
        proxy_protocol_timeout => maps:get(<<"proxy_protocol_timeout_ms">>, Listener),
        path => maps:get(<<"path">>, Listener),
        tls => tls(maps:get(<<"tls">>, Listener))
    }.

tls(null) ->
    undefined;
tls(#{<<"versions">> := Versions} = TLS) ->
    #{
        certfile => file(maps:get(<<"certfile">>, TLS)),
        keyfile => file(maps:get(<<"keyfile">>, TLS)),
        cacertfile => file(maps:get(<<"cacertfile">>, TLS)),
        verify => verify(maps:get(<<"verify">>, TLS)),
        fail_if_no_peer_cert => maps:get(<<"fail_if_no_peer_cert">>, TLS),
        versions => [version(Version) || Version <- Versions],
        depth => maps:get(<<"depth">>, TLS),
        handshake_timeout => maps:get(<<"handshake_timeout_ms">>, TLS)
    }.

verify(<<"verify_peer">>) -> verify_peer;
verify(<<"verify_none">>) -> verify_none.

version(<<"tlsv1.3">>) -> 'tlsv1.3';
version(<<"tlsv1.2">>) -> 'tlsv1.2';
version(<<"tlsv1.1">>) -> 'tlsv1.1';
version(<<"tlsv1">>) -> tlsv1.

%% As in EMQX: a start goes on without what is not there, and its handshakes fail.
file(Path) ->
    case filelib:is_regular(Path) of
        true ->
            binary_to_list(Path);
        false ->
            logger:error("cert_file_not_found, path: ~ts", [Path]),
            undefined
    end.

limit(null) -> infinity;
limit(Number) -> Number.

rate(null) -> infinity;
rate([Number, Milliseconds]) -> {Number, Milliseconds}.

-spec fail(string(), [term()]) -> no_return().
fail(Format, Arguments) ->
    logger:critical(Format, Arguments),
    io:format(standard_error, Format ++ "~n", Arguments),
    halt(?FAILED).
