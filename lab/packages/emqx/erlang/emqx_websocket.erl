%% WebSocket as MQTT uses it: the handshake of a listener, and frames.
-module(emqx_websocket).
-export([accept/3, decode/1, frame/1, pong/1, close/0]).

-define(MAGIC, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").
-define(LONGEST_HEAD, 65536).

%% Answers the client's HTTP request; `closed` when it was no handshake of MQTT, and has been told so. What it sent
%% behind the request is the rest.
-spec accept(emqx_stream:stream(), binary(), timeout()) -> {ok, binary()} | closed.
accept(Socket, Path, Timeout) ->
    case head(Socket, <<>>, Timeout) of
        {ok, Head, Rest} ->
            case handshake(Head, Path) of
                {ok, Key, Protocol} ->
                    Accept = base64:encode(crypto:hash(sha, [Key, ?MAGIC])),
                    ok = answer(Socket, "101 Switching Protocols", [
                        "Upgrade: websocket\r\nConnection: Upgrade\r\n",
                        ["Sec-WebSocket-Protocol: ", Protocol, "\r\nSec-WebSocket-Accept: ", Accept, "\r\n"]
                    ]),
                    {ok, Rest};
                {refused, Status} ->
                    _ = answer(Socket, Status, "Connection: close\r\nContent-Length: 0\r\n"),
                    closed
            end;
        closed ->
            closed
    end.

%% The payloads and control frames in what has arrived, and the rest.
-spec decode(binary()) -> {[{data | ping | close | pong, binary()}], binary()} | malformed.
decode(Buffer) -> decode(Buffer, []).

decode(<<_:1, _:3, Opcode:4, 1:1, 126:7, Length:16, Mask:4/binary, Payload:Length/binary, Rest/binary>>, Frames) ->
    decode(Rest, [{kind(Opcode), unmask(Payload, Mask)} | Frames]);
decode(<<_:1, _:3, Opcode:4, 1:1, 127:7, Length:64, Mask:4/binary, Payload:Length/binary, Rest/binary>>, Frames) ->
    decode(Rest, [{kind(Opcode), unmask(Payload, Mask)} | Frames]);
decode(<<_:1, _:3, Opcode:4, 1:1, Length:7, Mask:4/binary, Payload:Length/binary, Rest/binary>>, Frames) when Length < 126 ->
    decode(Rest, [{kind(Opcode), unmask(Payload, Mask)} | Frames]);
decode(<<_, 0:1, _:7, _/binary>>, _) ->
    %% A client has to mask what it sends.
    malformed;
decode(Rest, Frames) ->
    {lists:reverse(Frames), Rest}.

%% A packet of the broker's, in a frame.
-spec frame(iodata()) -> iodata().
frame(Data) -> frame(2, iolist_to_binary(Data)).

-spec pong(binary()) -> iodata().
pong(Payload) -> frame(10, Payload).

-spec close() -> iodata().
close() -> frame(8, <<1000:16>>).

frame(Opcode, Data) when byte_size(Data) < 126 -> [<<1:1, 0:3, Opcode:4, 0:1, (byte_size(Data)):7>>, Data];
frame(Opcode, Data) when byte_size(Data) < 65536 -> [<<1:1, 0:3, Opcode:4, 0:1, 126:7, (byte_size(Data)):16>>, Data];
frame(Opcode, Data) -> [<<1:1, 0:3, Opcode:4, 0:1, 127:7, (byte_size(Data)):64>>, Data].

%% Texts and continuations are data as well: packets are cut anew from the stream.
kind(8) -> close;
kind(9) -> ping;
kind(10) -> pong;
kind(_) -> data.

unmask(Payload, Mask) ->
    Size = byte_size(Payload),
    Pattern = binary:copy(Mask, Size div 4 + 1),
    crypto:exor(Payload, binary:part(Pattern, 0, Size)).

%% Reading the request

head(_, Read, _) when byte_size(Read) > ?LONGEST_HEAD ->
    closed;
head(Socket, Read, Timeout) ->
    case binary:split(Read, <<"\r\n\r\n">>) of
        [Head, Rest] ->
            {ok, Head, Rest};
        [_] ->
            case emqx_stream:recv(Socket, 0, Timeout) of
                {ok, More} -> head(Socket, <<Read/binary, More/binary>>, Timeout);
                {error, _} -> closed
            end
    end.

handshake(Head, Path) ->
    [Request | Lines] = binary:split(Head, <<"\r\n">>, [global]),
    Fields = maps:from_list([field(Line) || Line <- Lines]),
    Protocols = string:lexemes(maps:get(<<"sec-websocket-protocol">>, Fields, <<>>), ", "),
    case {string:lexemes(Request, " "), maps:find(<<"sec-websocket-key">>, Fields)} of
        {[<<"GET">>, Target | _], Key} ->
            case {hd(binary:split(Target, <<"?">>)) =:= Path, Key, lists:filter(fun is_mqtt/1, Protocols)} of
                {false, _, _} -> {refused, "404 Not Found"};
                {true, error, _} -> {refused, "426 Upgrade Required"};
                {true, _, []} -> {refused, "400 Bad Request"};
                {true, {ok, Value}, [Protocol | _]} -> {ok, Value, Protocol}
            end;
        _ ->
            {refused, "400 Bad Request"}
    end.

is_mqtt(Protocol) ->
    lists:member(string:lowercase(Protocol), [<<"mqtt">>, <<"mqtt-v3">>, <<"mqtt-v3.1.1">>, <<"mqtt-v5">>]).

field(Line) ->
    case binary:split(Line, <<":">>) of
        [Name, Value] -> {string:lowercase(Name), string:trim(Value)};
        [Name] -> {string:lowercase(Name), <<>>}
    end.

answer(Socket, Status, Fields) ->
    emqx_stream:send(Socket, ["HTTP/1.1 ", Status, "\r\n", Fields, "\r\n"]).
