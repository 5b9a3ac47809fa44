%% A client's connection as ejabberd's MQTT session sees it: a socket module. What the client sends comes from the gate
%% (emqx_connection), and some of what the session answers is put right on its way.
-module(emqx_socket).
-export([send/2, setopts/2, peername/1, close/1]).
-export([write/2, expect_suback/3]).

-define(PARTIAL, emqx_partial_subscriptions).

-type connection() :: #{
    gate := pid(),
    socket := emqx_stream:stream(),
    transport := tcp | ws,
    peer := {inet:ip_address(), inet:port_number()},
    version := 3..5,
    %% The client id that the client did not choose, to be told to it.
    assigned := undefined | binary()
}.
-export_type([connection/0]).

%% A session's packet.
-spec send(connection(), iodata()) -> ok | {error, term()}.
send(Connection, Data) ->
    write(Connection, put_right(Connection, iolist_to_binary(Data))).

%% The session is ready for more.
setopts(#{gate := Gate}, [{active, once}]) ->
    Gate ! ready,
    ok;
setopts(_, _) ->
    ok.

peername(#{peer := Peer}) -> {ok, Peer}.

close(#{gate := Gate}) ->
    Gate ! close,
    ok.

%% Bytes as they are.
-spec write(connection(), iodata()) -> ok | {error, term()}.
write(#{transport := tcp, socket := Socket}, Data) -> emqx_stream:send(Socket, Data);
write(#{transport := ws, socket := Socket}, Data) -> emqx_stream:send(Socket, emqx_websocket:frame(Data)).

%% The session is given a part of a SUBSCRIBE: `Codes` has a code for each filter that was kept from it, `asked` for
%% the others.
-spec expect_suback(connection(), 1..65535, [byte() | asked]) -> ok.
expect_suback(#{gate := Gate}, Id, Codes) ->
    true = ets:insert(?PARTIAL, {{Gate, Id}, Codes}),
    ok.

put_right(#{assigned := Assigned, version := Version}, <<2:4, _:4, _/binary>> = Connack) ->
    emqx_packet:connack_with(Version, Assigned, Connack);
put_right(#{gate := Gate, version := Version}, <<9:4, _:4, _/binary>> = Suback) ->
    {Id, Granted} = emqx_packet:suback_codes(Version, Suback),
    case ets:take(?PARTIAL, {Gate, Id}) of
        [{_, Codes}] -> emqx_packet:with_suback_codes(Version, Suback, merge(Codes, Granted));
        [] -> Suback
    end;
put_right(_, Packet) ->
    Packet.

merge([asked | Codes], [Code | Granted]) -> [Code | merge(Codes, Granted)];
merge([Code | Codes], Granted) -> [Code | merge(Codes, Granted)];
merge([], _) -> [].
