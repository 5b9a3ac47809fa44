%% The gate before an MQTT session: a process that reads a client's packets, decides who the client is and what it may
%% do, as EMQX would, and hands on to ejabberd's session what is allowed.
-module(emqx_connection).
-export([run/4]).

-record(gate, {
    connection :: emqx_socket:connection() | undefined,
    socket :: emqx_stream:stream(),
    transport :: tcp | ws,
    listener :: emqx_listener:options(),
    origin :: origin(),
    max_packet_size :: pos_integer(),
    %% What has arrived and is no whole frame (of WebSocket) or packet yet.
    frames = <<>> :: binary(),
    packets = <<>> :: binary(),
    client :: emqx_identity:client() | undefined,
    version = 4 :: 3..5,
    session :: pid() | undefined,
    aliases = #{} :: #{pos_integer() => binary()}
}).

%% `common_name`: of the client's certificate, as the PROXY header tells it.
-type origin() :: #{peer := {inet:ip_address(), inet:port_number()}, common_name => binary()}.
-export_type([origin/0]).

-define(PROTOCOL_ERROR, 16#82).
-define(MALFORMED, 16#81).
-define(UNSUPPORTED_VERSION, 16#84).
-define(INVALID_CLIENT_ID, 16#85).
-define(NOT_AUTHORIZED, 16#87).
-define(BANNED, 16#8A).
-define(PACKET_TOO_LARGE, 16#95).

%% Serves the connection until it ends. `Read` is what has been read of it behind a WebSocket's handshake.
-spec run(emqx_stream:stream(), origin(), binary(), emqx_listener:options()) -> ok.
run(Socket, Origin, Read, #{transport := Transport} = Listener) ->
    {_, #{<<"idle_timeout_ms">> := Idle, <<"max_packet_size">> := Limit}} = emqx_policy:zone(maps:get(name, Listener)),
    Gate = #gate{socket = Socket, transport = Transport, listener = Listener, origin = Origin, max_packet_size = Limit},
    _ = erlang:send_after(Idle, self(), idle),
    case input(Read, Gate) of
        {more, Gate1} ->
            _ = emqx_stream:setopts(Socket, [{active, once}]),
            loop(Gate1);
        {stop, _} ->
            ok
    end.

loop(#gate{socket = Socket, session = Session} = Gate) ->
    receive
        {Kind, Socket, Data} when Kind =:= tcp; Kind =:= ssl ->
            case input(Data, Gate) of
                {more, Gate1} -> loop(Gate1);
                {stop, Gate1} -> end_session(Gate1)
            end;
        ready ->
            _ = emqx_stream:setopts(Socket, [{active, once}]),
            loop(Gate);
        close ->
            close(Gate);
        {'DOWN', _, process, Session, _} ->
            close(Gate);
        {'DOWN', _, process, _, _} ->
            %% The listener was closed.
            end_session(Gate);
        idle when Session =:= undefined ->
            ok;
        expired ->
            say(emqx_packet:disconnect(Gate#gate.version, ?NOT_AUTHORIZED), Gate),
            end_session(Gate);
        {Closed, Socket} when Closed =:= tcp_closed; Closed =:= ssl_closed ->
            end_session(Gate);
        {Error, Socket, _} when Error =:= tcp_error; Error =:= ssl_error ->
            end_session(Gate);
        _ ->
            loop(Gate)
    end.

close(#gate{transport = ws, socket = Socket} = Gate) ->
    _ = emqx_stream:send(Socket, emqx_websocket:close()),
    left(Gate);
close(Gate) ->
    left(Gate).

end_session(#gate{session = undefined}) ->
    ok;
end_session(#gate{session = Session, socket = Socket} = Gate) ->
    Session ! {tcp_closed, Socket},
    left(Gate).

left(#gate{session = undefined}) -> ok;
left(#gate{session = Session}) -> emqx_clients:left(Session).

%% What arrives

input(Data, #gate{transport = tcp} = Gate) ->
    packets(Data, Gate);
input(Data, #gate{frames = Frames} = Gate) ->
    case emqx_websocket:decode(<<Frames/binary, Data/binary>>) of
        {Found, Rest} -> frames(Found, <<>>, Gate#gate{frames = Rest});
        malformed -> {stop, Gate}
    end.

frames([{data, Payload} | Frames], Data, Gate) ->
    frames(Frames, <<Data/binary, Payload/binary>>, Gate);
frames([{ping, Payload} | Frames], Data, #gate{socket = Socket} = Gate) ->
    _ = emqx_stream:send(Socket, emqx_websocket:pong(Payload)),
    frames(Frames, Data, Gate);
frames([{pong, _} | Frames], Data, Gate) ->
    frames(Frames, Data, Gate);
frames([{close, _} | _], _, Gate) ->
    {stop, Gate};
frames([], Data, Gate) ->
    packets(Data, Gate).

packets(Data, #gate{packets = Packets} = Gate) ->
    Buffer = <<Packets/binary, Data/binary>>,
    case cut(Buffer, [], Gate) of
        {more, Allowed, Gate1} ->
            hand_on(lists:reverse(Allowed), Gate1),
            {more, Gate1};
        {stop, Allowed, Gate1} ->
            hand_on(lists:reverse(Allowed), Gate1),
            {stop, Gate1}
    end.

%% The session asks for more with each message that it is sent; without one the gate asks itself.
hand_on([], #gate{socket = Socket}) ->
    emqx_stream:setopts(Socket, [{active, once}]);
hand_on(Allowed, #gate{session = Session, socket = Socket}) ->
    Session ! {tcp, Socket, iolist_to_binary(Allowed)}.

cut(Buffer, Allowed, #gate{max_packet_size = Limit} = Gate) ->
    case emqx_packet:split(Buffer, Limit) of
        {ok, Packet, Rest} ->
            try packet(emqx_packet:type(Packet), Packet, Gate) of
                {pass, Passed, Gate1} -> cut(Rest, [Passed | Allowed], Gate1);
                {done, Gate1} -> cut(Rest, Allowed, Gate1);
                {stop, Gate1} -> {stop, Allowed, Gate1}
            catch
                _:_ -> refuse(?MALFORMED, Allowed, Gate)
            end;
        more ->
            {more, Allowed, Gate#gate{packets = Buffer}};
        {error, packet_too_large} ->
            refuse(?PACKET_TOO_LARGE, Allowed, Gate);
        {error, malformed_packet} ->
            refuse(?MALFORMED, Allowed, Gate)
    end.

refuse(_, Allowed, #gate{session = undefined} = Gate) ->
    {stop, Allowed, Gate};
refuse(Code, Allowed, #gate{version = Version} = Gate) ->
    say(emqx_packet:disconnect(Version, Code), Gate),
    {stop, Allowed, Gate}.

packet(connect, Packet, #gate{session = undefined} = Gate) ->
    try emqx_packet:connect(Packet) of
        #{version := Version} = Connect -> connect(Connect, Gate#gate{version = Version})
    catch
        throw:{unsupported_version, _, _} ->
            say(emqx_packet:connack(4, ?UNSUPPORTED_VERSION), Gate),
            {stop, Gate}
    end;
packet(_, _, #gate{session = undefined} = Gate) ->
    {stop, Gate};
packet(connect, _, #gate{version = Version} = Gate) ->
    say(emqx_packet:disconnect(Version, ?PROTOCOL_ERROR), Gate),
    {stop, Gate};
packet(publish, Packet, #gate{version = Version} = Gate) ->
    publish(emqx_packet:publish(Version, Packet), Packet, Gate);
packet(subscribe, Packet, #gate{version = Version} = Gate) ->
    subscribe(emqx_packet:subscribe(Version, Packet), Gate);
packet(unsubscribe, Packet, #gate{version = Version} = Gate) ->
    #{id := Id, properties := Properties, filters := Filters} = emqx_packet:unsubscribe(Version, Packet),
    Shared = [emqx_topic:to_session(Filter) || Filter <- Filters],
    {pass, emqx_packet:session_unsubscribe(Version, Id, Properties, Shared), Gate};
packet(other, Packet, Gate) ->
    {pass, Packet, Gate}.

%% CONNECT

connect(#{version := Version, client_id := Chosen} = Connect, Gate) ->
    case emqx_license:check(Chosen) of
        ok -> identify(Connect, Gate);
        {error, Code} -> turn_away(Version, Code, Gate)
    end.

identify(#{version := Version} = Connect, #gate{listener = Listener, origin = Origin} = Gate) ->
    case emqx_identity:find(Connect, Origin, maps:get(name, Listener)) of
        {ok, Client} ->
            case not emqx_banned:is_banned(Client) andalso admit(Client) of
                {ok, Known} -> open(Connect, Known, Gate);
                {error, Code} -> turn_away(Version, Code, Gate);
                false -> turn_away(Version, ?BANNED, Gate)
            end;
        {error, Code} ->
            turn_away(Version, Code, Gate)
    end.

admit(Client) ->
    ok = emqx_banned:count(Client),
    emqx_policy:authenticate(Client).

turn_away(Version, Code, Gate) ->
    say(emqx_packet:connack(Version, Code), Gate),
    {stop, Gate}.

open(Connect, #{client_id := ClientId} = Client, #gate{socket = Socket, origin = #{peer := Peer}} = Gate) ->
    #{client_id := Chosen, version := Version} = Connect,
    Connection = #{
        gate => self(),
        socket => Socket,
        transport => Gate#gate.transport,
        peer => Peer,
        version => Version,
        assigned => case Chosen of <<>> -> ClientId; _ -> undefined end
    },
    {ok, Session} = mod_mqtt_session:start(emqx_socket, Connection, [{max_fsm_queue, 10000}]),
    _ = monitor(process, Session),
    ok = emqx_clients:entered(Session, emqx_clients:info(Client, Connect, Peer)),
    _ = [erlang:send_after(max(0, At - erlang:system_time(millisecond)), self(), expired)
         || #{expire_at := At} <- [Client]],
    ok = mod_mqtt_session:accept(Session),
    Told = Connect#{client_id => ClientId, will => allowed_will(Connect, Client)},
    {pass, emqx_packet:session_connect(Told), Gate#gate{connection = Connection, client = Client, session = Session}}.

%% EMQX asks when it publishes the will; ejabberd publishes it without asking anybody, so it is asked for here.
allowed_will(#{will := undefined}, _) ->
    undefined;
allowed_will(#{will := #{topic := Topic, qos := QoS, retain := Retain} = Will}, Client) ->
    case emqx_policy:authorize(Client, #{action => publish, qos => QoS, retain => Retain}, Topic) of
        allow -> Will;
        deny -> undefined
    end.

%% PUBLISH

publish(#{topic := <<>>, alias := Alias} = Publish, Packet, #gate{aliases = Aliases} = Gate) when is_map_key(Alias, Aliases) ->
    published(Publish#{topic := maps:get(Alias, Aliases)}, Packet, Gate);
publish(#{topic := <<>>}, _, #gate{version = Version} = Gate) ->
    say(emqx_packet:disconnect(Version, ?PROTOCOL_ERROR), Gate),
    {stop, Gate};
publish(#{topic := Topic, alias := Alias} = Publish, Packet, #gate{aliases = Aliases} = Gate) when Alias =/= undefined ->
    published(Publish, Packet, Gate#gate{aliases = Aliases#{Alias => Topic}});
publish(Publish, Packet, Gate) ->
    published(Publish, Packet, Gate).

published(#{topic := Topic, qos := QoS, retain := Retain, id := Id}, Packet, #gate{version = Version} = Gate) ->
    case emqx_policy:authorize(Gate#gate.client, #{action => publish, qos => QoS, retain => Retain}, Topic) of
        allow ->
            {pass, Packet, Gate};
        deny ->
            case {emqx_policy:deny_action(), QoS} of
                {disconnect, _} ->
                    say(emqx_packet:disconnect(Version, ?NOT_AUTHORIZED), Gate),
                    {stop, Gate};
                {ignore, 0} ->
                    {done, Gate};
                {ignore, 1} ->
                    say(emqx_packet:puback(Version, Id, ?NOT_AUTHORIZED), Gate),
                    {done, Gate};
                {ignore, 2} ->
                    say(emqx_packet:pubrec(Version, Id, ?NOT_AUTHORIZED), Gate),
                    {done, Gate}
            end
    end.

%% SUBSCRIBE

subscribe(#{id := Id, properties := Properties, filters := Filters}, #gate{version = Version, client = Client} = Gate) ->
    Judged = [{Filter, Options, judge(Filter, Options, Client)} || {Filter, Options} <- Filters],
    Denied = [Filter || {Filter, _, deny} <- Judged],
    Allowed = [{emqx_topic:to_session(Filter), Options} || {Filter, Options, allow} <- Judged],
    Codes = [case Verdict of allow -> asked; deny -> ?NOT_AUTHORIZED end || {_, _, Verdict} <- Judged],
    case {Denied, emqx_policy:deny_action(), Allowed} of
        {[], _, _} ->
            {pass, emqx_packet:session_subscribe(Version, Id, Properties, Allowed), Gate};
        {_, disconnect, _} ->
            say(emqx_packet:disconnect(Version, ?NOT_AUTHORIZED), Gate),
            {stop, Gate};
        {_, ignore, []} ->
            say(emqx_packet:suback(Version, Id, Codes), Gate),
            {done, Gate};
        {_, ignore, _} ->
            ok = emqx_socket:expect_suback(Gate#gate.connection, Id, Codes),
            {pass, emqx_packet:session_subscribe(Version, Id, Properties, Allowed), Gate}
    end.

judge(Filter, Options, Client) ->
    emqx_policy:authorize(Client, #{action => subscribe, qos => Options band 3}, emqx_topic:shared(Filter)).

say(<<>>, _) ->
    ok;
say(Packet, #gate{transport = tcp, socket = Socket}) ->
    emqx_stream:send(Socket, Packet);
say(Packet, #gate{transport = ws, socket = Socket}) ->
    emqx_stream:send(Socket, emqx_websocket:frame(Packet)).
