%% The bytes of a connection, in the clear or over TLS.
-module(emqx_stream).
-export([secure/2, send/2, recv/3, setopts/2, close/1]).

-type stream() :: gen_tcp:socket() | ssl:sslsocket().
%% As the listener has them; EMQX gives Erlang the same.
-type tls() :: #{
    certfile := undefined | string(),
    keyfile := undefined | string(),
    cacertfile := undefined | string(),
    verify := verify_peer | verify_none,
    fail_if_no_peer_cert := boolean(),
    versions := [ssl:protocol_version()],
    depth := non_neg_integer(),
    handshake_timeout := timeout()
}.
-export_type([stream/0, tls/0]).

%% What the handshake leads to, with the files as they are now.
-spec secure(gen_tcp:socket(), undefined | tls()) -> {ok, stream()} | {error, term()}.
secure(Socket, undefined) ->
    {ok, Socket};
secure(Socket, #{handshake_timeout := Timeout} = TLS) ->
    Options = [Option || {Key, Value} = Option <- maps:to_list(TLS), Key =/= handshake_timeout, Value =/= undefined],
    case ssl:handshake(Socket, Options, Timeout) of
        {ok, Stream} -> {ok, Stream};
        {ok, Stream, _} -> {ok, Stream};
        {error, Reason} -> {error, Reason}
    end.

-spec send(stream(), iodata()) -> ok | {error, term()}.
send(Stream, Data) when is_port(Stream) -> gen_tcp:send(Stream, Data);
send(Stream, Data) -> ssl:send(Stream, Data).

-spec recv(stream(), non_neg_integer(), timeout()) -> {ok, binary()} | {error, term()}.
recv(Stream, Size, Timeout) when is_port(Stream) -> gen_tcp:recv(Stream, Size, Timeout);
recv(Stream, Size, Timeout) -> ssl:recv(Stream, Size, Timeout).

-spec setopts(stream(), [{active, once | boolean()}]) -> ok | {error, term()}.
setopts(Stream, Options) when is_port(Stream) -> inet:setopts(Stream, Options);
setopts(Stream, Options) -> ssl:setopts(Stream, Options).

-spec close(stream()) -> ok | {error, term()}.
close(Stream) when is_port(Stream) -> gen_tcp:close(Stream);
close(Stream) -> ssl:close(Stream).
