%% Ranges of IP addresses.
-module(emqx_address).
-export([range/1, is_within/2]).

-type range() :: {inet:ip_address(), non_neg_integer()}.
-export_type([range/0]).

%% An address, or ADDRESS/LENGTH; fails for anything else.
-spec range(string() | binary()) -> range().
range(Text) ->
    case string:split(unicode:characters_to_list(Text), "/") of
        [Address] ->
            {ok, IP} = inet:parse_address(Address),
            {IP, bits(IP)};
        [Address, Length] ->
            {ok, IP} = inet:parse_address(Address),
            {IP, list_to_integer(Length)}
    end.

-spec is_within(inet:ip_address(), range()) -> boolean().
is_within(Address, {Start, Length}) when tuple_size(Address) =:= tuple_size(Start) ->
    prefix(Address, Length) =:= prefix(Start, Length);
is_within(_, _) ->
    false.

bits(IP) when tuple_size(IP) =:= 4 -> 32;
bits(_) -> 128.

prefix(IP, Length) ->
    Size = bits(IP) div tuple_size(IP),
    <<Prefix:Length/bits, _/bits>> = << <<Part:Size>> || Part <- tuple_to_list(IP) >>,
    Prefix.
