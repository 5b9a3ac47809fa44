%% The PROXY protocol's header, version 2, at the start of a connection. ejabberd's own reader closes a connection whose
%% header says LOCAL; EMQX takes it, as the protocol demands.
-module(emqx_proxy).
-export([read/2]).

-define(SIGNATURE, "\r\n\r\n\0\r\nQUIT\n").
-define(LONGEST, 4096).

%% The endpoints {Local, Peer} that the header names, or `local` when it leaves them to the socket. `closed` when the
%% other side went away without a word, as a bare TCP check does.
-spec read(gen_tcp:socket(), timeout()) ->
    {ok, {endpoint(), endpoint()}} | local | closed | {error, term()}.
-type endpoint() :: {inet:ip_address(), inet:port_number()}.
read(Socket, Timeout) ->
    case gen_tcp:recv(Socket, 16, Timeout) of
        {ok, <<?SIGNATURE, 2:4, Command:4, Family, Length:16>>} when Length =< ?LONGEST ->
            command(Command, Family, body(Socket, Length, Timeout));
        {ok, Other} ->
            {error, {no_header, Other}};
        {error, closed} ->
            closed;
        {error, Reason} ->
            {error, Reason}
    end.

%% recv of no bytes at all would wait for some.
body(_, 0, _) -> {ok, <<>>};
body(Socket, Length, Timeout) -> gen_tcp:recv(Socket, Length, Timeout).

command(_, _, {error, Reason}) ->
    {error, Reason};
command(0, _, {ok, _}) ->
    local;
command(1, 16#11, {ok, <<From:4/binary, To:4/binary, FromPort:16, ToPort:16, _/binary>>}) ->
    {ok, {{address(To), ToPort}, {address(From), FromPort}}};
command(1, 16#21, {ok, <<From:16/binary, To:16/binary, FromPort:16, ToPort:16, _/binary>>}) ->
    {ok, {{address(To), ToPort}, {address(From), FromPort}}};
command(1, 0, {ok, _}) ->
    local;
command(Command, Family, {ok, _}) ->
    {error, {unknown_header, Command, Family}}.

address(<<A, B, C, D>>) -> {A, B, C, D};
address(Bytes) -> list_to_tuple([Group || <<Group:16>> <= Bytes]).
