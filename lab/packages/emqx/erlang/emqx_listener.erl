%% A listener of MQTT over TCP or WebSocket, with the settings that EMQX gives one: acceptors, limits of connections and
%% of their rate, PROXY v2 within a time limit, and TLS behind the PROXY header. ejabberd's own listener reads the PROXY header in its only acceptor,
%% so one silent connection stops all others.
-module(emqx_listener).
-export([start_table/0, set/1, stop_all/0, list/0]).

-define(LISTENERS, emqx_listeners).
%% Without regard to the setting, for a WebSocket: so it is in EMQX 5.8.9.
-define(WEBSOCKET_PROXY_MS, 1000).
-define(UPGRADE_MS, 60000).

-type options() :: #{
    name := binary(),
    transport := tcp | ws,
    ip := inet:ip_address(),
    port := inet:port_number(),
    acceptors := pos_integer(),
    backlog := pos_integer(),
    nodelay := boolean(),
    max_connections := infinity | pos_integer(),
    %% Connections and the milliseconds in which there may be so many.
    max_conn_rate := infinity | {pos_integer(), pos_integer()},
    proxy_protocol := boolean(),
    proxy_protocol_timeout := pos_integer(),
    path := binary(),
    tls := undefined | emqx_stream:tls()
}.
-export_type([options/0]).

%% What cannot be changed without opening the listener anew, which ends its connections.
-define(FIXED, [transport, ip, port, acceptors, backlog, nodelay, proxy_protocol, proxy_protocol_timeout, path, tls]).

-spec start_table() -> ok.
start_table() ->
    _ = ets:new(?LISTENERS, [named_table, public, {read_concurrency, true}]),
    ok.

%% Opens, changes and closes listeners until these are there. Those that cannot be opened are named; the others are open.
-spec set([options()]) -> ok | {error, [{binary(), inet:posix() | no_cert}]}.
set(Wanted) ->
    Names = [Name || #{name := Name} <- Wanted],
    [stop(Name) || {Name, _, _, _} <- ets:tab2list(?LISTENERS), not lists:member(Name, Names)],
    case lists:flatmap(fun change/1, Wanted) of
        [] -> ok;
        Failed -> {error, Failed}
    end.

-spec stop_all() -> ok.
stop_all() ->
    set([]).

%% The listeners and the connections that each has now, handshakes included.
-spec list() -> [map()].
list() ->
    Shown = [name, max_connections, transport],
    [(maps:with(Shown, Options))#{connections => counters:get(Counter, 1), ended => counters:get(Counter, 2)}
     || {_, _, Counter, Options} <- lists:sort(ets:tab2list(?LISTENERS))].

change(#{name := Name} = Options) ->
    case ets:lookup(?LISTENERS, Name) of
        [{_, Owner, Counter, Former}] ->
            case maps:with(?FIXED, Former) =:= maps:with(?FIXED, Options) of
                true ->
                    true = ets:insert(?LISTENERS, {Name, Owner, Counter, Options}),
                    [];
                false ->
                    stop(Name),
                    start(Options)
            end;
        [] ->
            start(Options)
    end.

start(#{name := Name} = Options) ->
    Asker = self(),
    Owner = spawn(fun() -> own(Asker, Options) end),
    receive
        {Owner, ok} -> [];
        {Owner, {error, Reason}} -> [{Name, Reason}]
    end.

stop(Name) ->
    [{_, Owner, _, _}] = ets:take(?LISTENERS, Name),
    Monitor = monitor(process, Owner),
    exit(Owner, shutdown),
    receive {'DOWN', Monitor, process, Owner, _} -> ok end.

%% Its acceptors and connections are linked to the owner, and end with it.
own(Asker, #{transport := ws, tls := #{certfile := undefined}}) ->
    %% Ranch does not listen then, as esockd does.
    Asker ! {self(), {error, no_cert}};
own(Asker, #{name := Name, ip := IP, port := Port} = Options) ->
    Socket = [
        binary, {ip, IP}, {active, false}, {reuseaddr, true}, {keepalive, true},
        {backlog, maps:get(backlog, Options)}, {nodelay, maps:get(nodelay, Options)},
        {send_timeout, 15000}, {send_timeout_close, true}
    ],
    case gen_tcp:listen(Port, Socket) of
        {ok, Listen} ->
            %% Connections now, and those that have ended.
            Counter = counters:new(2, []),
            true = ets:insert(?LISTENERS, {Name, self(), Counter, Options}),
            Rate = emqx_rate:new(),
            [spawn_link(fun() -> accept(Listen, Name, Counter, Rate) end) || _ <- lists:seq(1, maps:get(acceptors, Options))],
            Asker ! {self(), ok},
            receive stop -> ok end;
        {error, Reason} ->
            Asker ! {self(), {error, Reason}}
    end.

accept(Listen, Name, Counter, Rate) ->
    case gen_tcp:accept(Listen) of
        {ok, Socket} ->
            Owner = self(),
            Handler = spawn(fun() -> receive go -> handle(Socket, Name, Counter, Rate, Owner) end end),
            case gen_tcp:controlling_process(Socket, Handler) of
                ok -> Handler ! go;
                {error, _} -> exit(Handler, kill)
            end,
            accept(Listen, Name, Counter, Rate);
        {error, Reason} when Reason =:= emfile; Reason =:= enfile ->
            %% No descriptor is free: trying at once again would only burn the processor.
            timer:sleep(100),
            accept(Listen, Name, Counter, Rate);
        {error, closed} ->
            ok;
        {error, _} ->
            accept(Listen, Name, Counter, Rate)
    end.

handle(Socket, Name, Counter, Rate, Acceptor) ->
    %% The acceptor ends when its listener does.
    _ = monitor(process, Acceptor),
    counters:add(Counter, 1, 1),
    try ets:lookup(?LISTENERS, Name) of
        [{_, _, _, #{max_connections := Limit, max_conn_rate := Allowed} = Options}] ->
            counters:get(Counter, 1) =< Limit andalso emqx_rate:take(Rate, Allowed) andalso serve(Socket, Options);
        [] ->
            ok
    after
        counters:sub(Counter, 1, 1),
        counters:add(Counter, 2, 1),
        gen_tcp:close(Socket)
    end.

serve(Socket, #{name := Name} = Options) ->
    case origin(Socket, Options) of
        {ok, Origin} ->
            secure(Socket, Origin, Options);
        local ->
            keep_silent(Socket, Name);
        closed ->
            ok;
        {error, Reason} ->
            logger:error("listener ~ts: closed ~p: ~p", [Name, inet:peername(Socket), Reason])
    end.

%% Of a handshake that fails EMQX says nothing; Erlang does.
secure(Socket, Origin, #{tls := TLS} = Options) ->
    case emqx_stream:secure(Socket, TLS) of
        {ok, Stream} ->
            try enter(Stream, Origin, Options) after emqx_stream:close(Stream) end;
        {error, _} ->
            ok
    end.

enter(Stream, Origin, #{transport := tcp} = Options) ->
    emqx_connection:run(Stream, Origin, <<>>, Options);
enter(Stream, Origin, #{transport := ws, path := Path} = Options) ->
    case emqx_websocket:accept(Stream, Path, ?UPGRADE_MS) of
        {ok, Rest} -> emqx_connection:run(Stream, Origin, Rest, Options);
        closed -> ok
    end.

%% EMQX answers nothing on a connection whose PROXY header says LOCAL, as a health check's does, and leaves it open.
keep_silent(Socket, Name) ->
    {_, #{<<"idle_timeout_ms">> := Idle}} = emqx_policy:zone(Name),
    _ = inet:setopts(Socket, [{active, true}]),
    receive
        {tcp_closed, Socket} -> ok;
        {'DOWN', _, process, _, _} -> ok
    after Idle -> ok
    end.

%% What the PROXY header says, or the socket's own peer.
origin(Socket, #{proxy_protocol := true, transport := Transport, proxy_protocol_timeout := Timeout}) ->
    emqx_proxy:read(Socket, case Transport of tcp -> Timeout; ws -> ?WEBSOCKET_PROXY_MS end);
origin(Socket, _) ->
    case inet:peername(Socket) of
        {ok, Peer} -> {ok, #{peer => Peer}};
        {error, _} -> closed
    end.
