%% A TCP socket that answers with the client's address where ejabberd's MQTT session asks for its peer's name: behind
%% a balancer the two differ, and the session asks the kernel when it is given a plain socket.
-module(emqx_socket).
-export([send/2, setopts/2, peername/1, close/1]).

send({Socket, _}, Data) -> gen_tcp:send(Socket, Data).

setopts({Socket, _}, Options) -> inet:setopts(Socket, Options).

peername({_, Peer}) -> {ok, Peer}.

close({Socket, _}) -> gen_tcp:close(Socket).
