%% The PROXY protocol's header, version 2, at the start of a connection. ejabberd's own reader drops what the header says
%% of a certificate.
-module(emqx_proxy).
-export([read/2]).

-define(SIGNATURE, "\r\n\r\n\0\r\nQUIT\n").
-define(LONGEST, 4096).
-define(TLV_SSL, 16#20).
-define(TLV_SSL_COMMON_NAME, 16#22).

%% What the header says of the connection: who its client is and, where the balancer tells it, the common name of the
%% client's certificate. `local` when it leaves the endpoints to the socket; `closed` when the other side went away
%% without a word, as a bare TCP check does.
-spec read(gen_tcp:socket(), timeout()) -> {ok, emqx_connection:origin()} | local | closed | {error, term()}.
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
command(1, 16#11, {ok, <<From:4/binary, _To:4/binary, Port:16, _ToPort:16, More/binary>>}) ->
    {ok, origin(From, Port, More)};
command(1, 16#21, {ok, <<From:16/binary, _To:16/binary, Port:16, _ToPort:16, More/binary>>}) ->
    {ok, origin(From, Port, More)};
command(1, 0, {ok, _}) ->
    local;
command(Command, Family, {ok, _}) ->
    {error, {unknown_header, Command, Family}}.

%% EMQX takes the name as it stands, whatever the header says of its verification.
origin(From, Port, More) ->
    Origin = #{peer => {address(From), Port}},
    case lists:keyfind(?TLV_SSL, 1, values(More)) of
        {_, <<_Client, _Verify:32, Ssl/binary>>} ->
            case lists:keyfind(?TLV_SSL_COMMON_NAME, 1, values(Ssl)) of
                {_, CommonName} -> Origin#{common_name => CommonName};
                false -> Origin
            end;
        _ ->
            Origin
    end.

values(<<Type, Length:16, Value:Length/binary, More/binary>>) -> [{Type, Value} | values(More)];
values(_) -> [].

address(<<A, B, C, D>>) -> {A, B, C, D};
address(Bytes) -> list_to_tuple([Group || <<Group:16>> <= Bytes]).
