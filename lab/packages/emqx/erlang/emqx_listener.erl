%% A listener of MQTT over TCP or WebSocket, with the settings that EMQX gives one: acceptors, a limit of
%% connections, and PROXY v2 within a time limit. ejabberd's own listener reads the PROXY header in its only acceptor,
%% so one silent connection stops all others, and its MQTT sessions never learn the address that the header carries.
-module(emqx_listener).
-export([start/1, list/0]).

-define(OPEN, emqx_listener_open).

-type options() :: #{
    name := binary(),
    transport := tcp | ws,
    ip := inet:ip_address(),
    port := inet:port_number(),
    acceptors := pos_integer(),
    backlog := pos_integer(),
    nodelay := boolean(),
    max_connections := infinity | pos_integer(),
    proxy_protocol := boolean(),
    proxy_protocol_timeout := pos_integer(),
    max_packet_size := pos_integer(),
    path := [binary()]
}.

%% Opens the listener; its acceptors belong to the calling process.
-spec start(options()) -> ok | {error, inet:posix()}.
start(#{ip := IP, port := Port} = Options) ->
    Socket = [
        binary, {ip, IP}, {active, false}, {reuseaddr, true}, {keepalive, true},
        {backlog, maps:get(backlog, Options)}, {nodelay, maps:get(nodelay, Options)},
        {send_timeout, 15000}, {send_timeout_close, true}
    ],
    case gen_tcp:listen(Port, Socket) of
        {ok, Listen} ->
            Counter = counters:new(1, []),
            persistent_term:put(?OPEN, persistent_term:get(?OPEN, []) ++ [{Counter, Options}]),
            [spawn_link(fun() -> accept(Listen, Counter, Options) end)
             || _ <- lists:seq(1, maps:get(acceptors, Options))],
            ok;
        {error, Reason} ->
            {error, Reason}
    end.

%% The listeners and the connections that each has now, handshakes included.
-spec list() -> [map()].
list() ->
    Shown = [name, port, acceptors, proxy_protocol, max_connections],
    [(maps:with(Shown, Options))#{
        address => list_to_binary(inet:ntoa(maps:get(ip, Options))),
        connections => counters:get(Counter, 1)
    } || {Counter, Options} <- persistent_term:get(?OPEN, [])].

accept(Listen, Counter, Options) ->
    case gen_tcp:accept(Listen) of
        {ok, Socket} ->
            Handler = spawn(fun() -> receive go -> handle(Socket, Counter, Options) end end),
            case gen_tcp:controlling_process(Socket, Handler) of
                ok -> Handler ! go;
                {error, _} -> exit(Handler, kill)
            end,
            accept(Listen, Counter, Options);
        {error, Reason} when Reason =:= emfile; Reason =:= enfile ->
            %% No descriptor is free: trying at once again would only burn the processor.
            timer:sleep(100),
            accept(Listen, Counter, Options);
        {error, closed} ->
            ok;
        {error, _} ->
            accept(Listen, Counter, Options)
    end.

handle(Socket, Counter, #{max_connections := Limit} = Options) ->
    counters:add(Counter, 1, 1),
    try
        counters:get(Counter, 1) =< Limit andalso serve(Socket, Options)
    after
        counters:sub(Counter, 1, 1),
        gen_tcp:close(Socket)
    end.

serve(Socket, Options) ->
    case endpoints(Socket, Options) of
        {ok, Endpoints} ->
            {ok, Pid} = session(Socket, Endpoints, Options),
            Monitor = monitor(process, Pid),
            _ = gen_tcp:controlling_process(Socket, Pid),
            started(Pid, Options),
            receive {'DOWN', Monitor, process, Pid, _} -> ok end;
        closed ->
            ok;
        {error, Reason} ->
            logger:info("listener ~ts: closed ~p: ~p", [maps:get(name, Options), inet:peername(Socket), Reason])
    end.

%% As {Local, Peer}, each {Address, Port}: what the PROXY header says, or the socket's own.
endpoints(Socket, #{proxy_protocol := true, proxy_protocol_timeout := Timeout}) ->
    case emqx_proxy:read(Socket, Timeout) of
        local -> own_endpoints(Socket);
        Other -> Other
    end;
endpoints(Socket, _) ->
    own_endpoints(Socket).

own_endpoints(Socket) ->
    case {inet:sockname(Socket), inet:peername(Socket)} of
        {{ok, Local}, {ok, Peer}} -> {ok, {Local, Peer}};
        _ -> closed
    end.

session(Socket, {_, Peer}, #{transport := tcp, max_packet_size := MaxSize}) ->
    mod_mqtt_session:start(emqx_socket, {Socket, Peer}, [{max_fsm_queue, 10000}, {max_payload_size, MaxSize}]);
session(Socket, Endpoints, #{transport := ws, path := Path, max_packet_size := MaxSize}) ->
    ejabberd_http:start(gen_tcp, Socket, [
        {sock_peer_name, Endpoints},
        {request_handlers, [{Path, mod_mqtt}]},
        {max_fsm_queue, 10000},
        {max_payload_size, MaxSize}
    ]).

started(Pid, #{transport := tcp}) -> mod_mqtt_session:accept(Pid);
started(Pid, #{transport := ws}) -> ejabberd_http:accept(Pid).
