%% MQTT packets as bytes, of versions 3.1, 3.1.1 and 5: what has to be known of them before ejabberd's session sees them,
%% and the answers that it is not asked for.
-module(emqx_packet).
-export([split/2, type/1, connect/1, publish/2, subscribe/2, unsubscribe/2]).
-export([session_connect/1, session_subscribe/4, session_unsubscribe/4]).
-export([connack/2, puback/3, pubrec/3, suback/3, disconnect/2]).
-export([connack_with/3, suback_codes/2, with_suback_codes/3, user_properties/1]).

%% `username` and `password` are undefined where the client sent none; `properties` and `will_properties` are MQTT 5's.
-type connect() :: #{
    version := 3 | 4 | 5,
    clean_start := boolean(),
    keepalive := non_neg_integer(),
    client_id := binary(),
    username := binary() | undefined,
    password := binary() | undefined,
    will := undefined | #{topic := binary(), payload := binary(), qos := 0..2, retain := boolean()},
    properties := properties(),
    will_properties := properties()
}.
%% Each property's number, and its value as it stands in the packet.
-type properties() :: [{byte(), binary()}].
-export_type([connect/0]).

-define(AUTHENTICATION_METHOD, 16#15).
-define(AUTHENTICATION_DATA, 16#16).
-define(ASSIGNED_CLIENT_ID, 16#12).
-define(SHARED_SUBSCRIPTION_AVAILABLE, 16#2A).
-define(TOPIC_ALIAS, 16#23).
%% Older sessions let nobody in without a password, nor with one without a name; neither is looked at.
-define(ANYBODY, <<"x">>).

%% The first packet of what has arrived, and what is behind it.
-spec split(binary(), pos_integer()) -> {ok, binary(), binary()} | more | {error, malformed_packet | packet_too_large}.
split(<<_, Bytes/binary>> = Buffer, Limit) ->
    case variable_integer(Bytes) of
        {Length, _} when Length > Limit ->
            {error, packet_too_large};
        {Length, Behind} ->
            Size = byte_size(Buffer) - byte_size(Behind) + Length,
            case Buffer of
                <<Packet:Size/binary, Rest/binary>> -> {ok, Packet, Rest};
                _ -> more
            end;
        more ->
            more;
        malformed ->
            {error, malformed_packet}
    end;
split(<<>>, _) ->
    more.

-spec type(binary()) -> connect | publish | subscribe | unsubscribe | other.
type(<<1:4, 0:4, _/binary>>) -> connect;
type(<<3:4, _:4, _/binary>>) -> publish;
type(<<8:4, 2:4, _/binary>>) -> subscribe;
type(<<10:4, 2:4, _/binary>>) -> unsubscribe;
type(_) -> other.

%% Reading; each throws `malformed` for what is not the packet it should be.

-spec connect(binary()) -> connect().
connect(Packet) ->
    <<NameLength:16, Name:NameLength/binary, _Bridge:1, Level:7, Flags:1/binary, KeepAlive:16, Rest/binary>> = body(Packet),
    Version = version(Name, Level),
    <<HasUser:1, HasPassword:1, WillRetain:1, WillQoS:2, HasWill:1, CleanStart:1, 0:1>> = Flags,
    {Properties, Rest1} = properties(Version, Rest),
    {ClientId, Rest2} = text(Rest1),
    {WillProperties, Rest3} = when_set(HasWill, {[], Rest2}, fun() -> properties(Version, Rest2) end),
    {WillTopic, Rest4} = when_set(HasWill, {undefined, Rest3}, fun() -> text(Rest3) end),
    {WillPayload, Rest5} = when_set(HasWill, {undefined, Rest4}, fun() -> bytes(Rest4) end),
    {Username, Rest6} = when_set(HasUser, {undefined, Rest5}, fun() -> text(Rest5) end),
    {Password, _} = when_set(HasPassword, {undefined, Rest6}, fun() -> bytes(Rest6) end),
    Will = #{topic => WillTopic, payload => WillPayload, qos => WillQoS, retain => WillRetain =:= 1},
    #{
        version => Version,
        clean_start => CleanStart =:= 1,
        keepalive => KeepAlive,
        client_id => ClientId,
        username => Username,
        password => Password,
        will => when_set(HasWill, undefined, fun() -> Will end),
        properties => Properties,
        will_properties => WillProperties
    }.

%% `alias` is undefined where MQTT 5's topic alias is not used; with one, `topic` may be empty.
-spec publish(3..5, binary()) -> #{topic := binary(), qos := 0..2, retain := boolean(), id := undefined | 1..65535,
    alias := undefined | 1..65535}.
publish(Version, <<_:5, QoS:2, Retain:1, _/binary>> = Packet) when QoS < 3 ->
    {Topic, Rest} = text(body(Packet)),
    {Id, Rest1} = case {QoS, Rest} of
        {0, _} -> {undefined, Rest};
        {_, <<PacketId:16, Behind/binary>>} -> {PacketId, Behind};
        _ -> throw(malformed)
    end,
    {Properties, _} = properties(Version, Rest1),
    Alias = case lists:keyfind(?TOPIC_ALIAS, 1, Properties) of
        {_, <<Number:16>>} -> Number;
        false -> undefined
    end,
    #{topic => Topic, qos => QoS, retain => Retain =:= 1, id => Id, alias => Alias};
publish(_, _) ->
    throw(malformed).

%% The filters with each its byte of options.
-spec subscribe(3..5, binary()) -> #{id := 1..65535, properties := properties(), filters := [{binary(), byte()}]}.
subscribe(Version, Packet) ->
    {Id, Properties, Rest} = identified(Version, Packet),
    #{id => Id, properties => Properties, filters => filters(Rest)}.

-spec unsubscribe(3..5, binary()) -> #{id := 1..65535, properties := properties(), filters := [binary()]}.
unsubscribe(Version, Packet) ->
    {Id, Properties, Rest} = identified(Version, Packet),
    #{id => Id, properties => Properties, filters => texts(Rest)}.

%% Writing for ejabberd's session

%% The session knows a client by its id alone, and neither MQTT 3.1 nor an authentication of its own.
-spec session_connect(connect()) -> binary().
session_connect(#{version := Version, client_id := ClientId, will := Will} = Connect) ->
    #{clean_start := CleanStart, keepalive := KeepAlive, properties := Properties} = Connect,
    Level = max(4, Version),
    Kept = [P || {Name, _} = P <- Properties, Name =/= ?AUTHENTICATION_METHOD, Name =/= ?AUTHENTICATION_DATA],
    {WillFlags, WillBytes} = case Will of
        undefined ->
            {<<0:4>>, []};
        #{topic := Topic, payload := Payload, qos := QoS, retain := Retain} ->
            Told = [written(Version, maps:get(will_properties, Connect)), with_length(Topic), with_length(Payload)],
            {<<(flag(Retain)):1, QoS:2, 1:1>>, Told}
    end,
    packet(<<1:4, 0:4>>, [
        with_length(<<"MQTT">>), <<Level, 2#11:2, WillFlags/bits, (flag(CleanStart)):1, 0:1, KeepAlive:16>>,
        written(Version, Kept), with_length(ClientId), WillBytes, with_length(?ANYBODY), with_length(?ANYBODY)
    ]).

-spec session_subscribe(3..5, 1..65535, properties(), [{binary(), byte()}]) -> binary().
session_subscribe(Version, Id, Properties, Filters) ->
    packet(<<8:4, 2:4>>, [<<Id:16>>, written(Version, Properties), [[with_length(F), Options] || {F, Options} <- Filters]]).

-spec session_unsubscribe(3..5, 1..65535, properties(), [binary()]) -> binary().
session_unsubscribe(Version, Id, Properties, Filters) ->
    packet(<<10:4, 2:4>>, [<<Id:16>>, written(Version, Properties), [with_length(F) || F <- Filters]]).

%% Answers to the client. Codes are MQTT 5's; older versions are told what they know.

-spec connack(3..5, byte()) -> binary().
connack(5, Code) -> packet(<<2:4, 0:4>>, [0, Code, 0]);
connack(_, Code) -> packet(<<2:4, 0:4>>, [0, connack_code(Code)]).

-spec puback(3..5, 1..65535, byte()) -> binary().
puback(Version, Id, Code) -> packet(<<4:4, 0:4>>, [<<Id:16>>, code(Version, Code)]).

-spec pubrec(3..5, 1..65535, byte()) -> binary().
pubrec(Version, Id, Code) -> packet(<<5:4, 0:4>>, [<<Id:16>>, code(Version, Code)]).

-spec suback(3..5, 1..65535, [byte()]) -> binary().
suback(Version, Id, Codes) ->
    packet(<<9:4, 0:4>>, [<<Id:16>>, written(Version, []), [suback_code(Version, Code) || Code <- Codes]]).

%% Nothing for versions in which a broker cannot say why it closes.
-spec disconnect(3..5, byte()) -> binary().
disconnect(5, Code) -> packet(<<14:4, 0:4>>, [Code, 0]);
disconnect(_, _) -> <<>>.

%% Changing what ejabberd's session answers

%% A CONNACK that tells the client the id that it was given, if any, and says nothing against shared subscriptions; a
%% refusal stays as it is.
-spec connack_with(3..5, undefined | binary(), binary()) -> binary().
connack_with(5, Assigned, Connack) ->
    case body(Connack) of
        <<Flags, 0, Rest/binary>> ->
            {Properties, <<>>} = properties(5, Rest),
            Kept = [P || {Name, _} = P <- Properties, Name =/= ?SHARED_SUBSCRIPTION_AVAILABLE],
            Told = [{?ASSIGNED_CLIENT_ID, iolist_to_binary(with_length(Assigned))} || Assigned =/= undefined],
            packet(<<2:4, 0:4>>, [Flags, 0, written(5, Told ++ Kept)]);
        _ ->
            Connack
    end;
connack_with(_, _, Connack) ->
    Connack.

%% The packet id and the codes of a SUBACK.
-spec suback_codes(3..5, binary()) -> {1..65535, [byte()]}.
suback_codes(Version, Suback) ->
    {Id, _, Codes} = identified(Version, Suback),
    {Id, binary_to_list(Codes)}.

-spec with_suback_codes(3..5, binary(), [byte()]) -> binary().
with_suback_codes(Version, Suback, Codes) ->
    {Id, Properties, _} = identified(Version, Suback),
    packet(<<9:4, 0:4>>, [<<Id:16>>, written(Version, Properties), [suback_code(Version, Code) || Code <- Codes]]).

%% Parts of packets

body(<<_, Bytes/binary>>) ->
    {_, Body} = variable_integer(Bytes),
    Body.

identified(Version, Packet) ->
    case body(Packet) of
        <<Id:16, Rest/binary>> when Id > 0 ->
            {Properties, Behind} = properties(Version, Rest),
            {Id, Properties, Behind};
        _ ->
            throw(malformed)
    end.

version(<<"MQTT">>, 5) -> 5;
version(<<"MQTT">>, 4) -> 4;
version(<<"MQIsdp">>, 3) -> 3;
version(Name, Level) -> throw({unsupported_version, Name, Level}).

variable_integer(Bytes) -> variable_integer(Bytes, 0, 0).

variable_integer(_, _, 28) -> malformed;
variable_integer(<<0:1, Low:7, Rest/binary>>, Value, Shift) -> {Value + (Low bsl Shift), Rest};
variable_integer(<<1:1, Low:7, Rest/binary>>, Value, Shift) -> variable_integer(Rest, Value + (Low bsl Shift), Shift + 7);
variable_integer(<<>>, _, _) -> more.

text(Bytes) ->
    {Text, Rest} = bytes(Bytes),
    case unicode:characters_to_binary(Text) of
        Text -> {Text, Rest};
        _ -> throw(malformed)
    end.

bytes(<<Length:16, Bytes:Length/binary, Rest/binary>>) -> {Bytes, Rest};
bytes(_) -> throw(malformed).

texts(<<>>) ->
    [];
texts(Bytes) ->
    {Text, Rest} = text(Bytes),
    [Text | texts(Rest)].

filters(<<>>) ->
    [];
filters(Bytes) ->
    case text(Bytes) of
        {Filter, <<Options, Rest/binary>>} -> [{Filter, Options} | filters(Rest)];
        _ -> throw(malformed)
    end.

properties(5, Bytes) ->
    case variable_integer(Bytes) of
        {Length, Behind} ->
            case Behind of
                <<Properties:Length/binary, Rest/binary>> -> {each_property(Properties), Rest};
                _ -> throw(malformed)
            end;
        _ ->
            throw(malformed)
    end;
properties(_, Bytes) ->
    {[], Bytes}.

each_property(<<>>) ->
    [];
each_property(<<Name, Bytes/binary>>) ->
    Size = property_size(Name, Bytes),
    case Bytes of
        <<Value:Size/binary, Rest/binary>> -> [{Name, Value} | each_property(Rest)];
        _ -> throw(malformed)
    end.

%% What a client tells of itself by names of its choice; of those that it gives twice, the last.
-spec user_properties(connect()) -> #{binary() => binary()}.
user_properties(#{properties := Properties}) ->
    maps:from_list([{Key, Value} || {16#26, <<Length:16, Key:Length/binary, _:16, Value/binary>>} <- Properties]).

property_size(Name, _) when Name =:= 16#01; Name =:= 16#17; Name =:= 16#19; Name =:= 16#24; Name =:= 16#25;
                            Name =:= 16#28; Name =:= 16#29; Name =:= 16#2A ->
    1;
property_size(Name, _) when Name =:= 16#13; Name =:= 16#21; Name =:= 16#22; Name =:= ?TOPIC_ALIAS ->
    2;
property_size(Name, _) when Name =:= 16#02; Name =:= 16#11; Name =:= 16#18; Name =:= 16#27 ->
    4;
property_size(16#0B, Bytes) ->
    case variable_integer(Bytes) of
        {_, Rest} -> byte_size(Bytes) - byte_size(Rest);
        _ -> throw(malformed)
    end;
property_size(16#26, <<Key:16, _:Key/binary, Value:16, _:Value/binary, _/binary>>) ->
    4 + Key + Value;
property_size(Name, <<Length:16, _/binary>>) when Name =:= 16#03; Name =:= 16#08; Name =:= 16#09; Name =:= 16#12;
                                                  Name =:= 16#15; Name =:= 16#16; Name =:= 16#1A; Name =:= 16#1C;
                                                  Name =:= 16#1F ->
    2 + Length;
property_size(_, _) ->
    throw(malformed).

written(5, Properties) ->
    Bytes = iolist_to_binary([[Name, Value] || {Name, Value} <- Properties]),
    [variable_bytes(byte_size(Bytes)), Bytes];
written(_, _) ->
    [].

packet(First, Body) ->
    Bytes = iolist_to_binary(Body),
    iolist_to_binary([First, variable_bytes(byte_size(Bytes)), Bytes]).

variable_bytes(Value) when Value < 128 -> [Value];
variable_bytes(Value) -> [(Value rem 128) bor 128 | variable_bytes(Value div 128)].

with_length(Bytes) -> [<<(byte_size(Bytes)):16>>, Bytes].

when_set(1, _, Read) -> Read();
when_set(0, Default, _) -> Default.

flag(true) -> 1;
flag(false) -> 0.

%% Success needs no code.
code(5, Code) when Code > 0 -> [Code, 0];
code(_, _) -> [].

suback_code(5, Code) -> Code;
suback_code(_, Code) -> min(Code, 16#80).

connack_code(Code) when Code =< 16#84 -> 1;
connack_code(16#85) -> 2;
connack_code(16#86) -> 4;
connack_code(16#87) -> 5;
connack_code(16#8A) -> 5;
connack_code(16#8C) -> 5;
connack_code(_) -> 3.
