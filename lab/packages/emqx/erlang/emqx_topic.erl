%% Topics and topic filters.
-module(emqx_topic).
-export([words/1, match/2, shared/1, to_session/1, of_session/1]).

-type words() :: ['+' | '#' | binary()].
-export_type([words/0]).

%% ejabberd refuses what begins with $share/: its session is told of such a filter by another name.
-define(SHARED, "$shared/").

-spec words(binary()) -> words().
words(Topic) ->
    [case Word of <<"+">> -> '+'; <<"#">> -> '#'; _ -> Word end || Word <- binary:split(Topic, <<"/">>, [global])].

%% Whether a filter covers a topic, or a filter that a client asks for. Wildcards cover no topic that begins with $.
-spec match(words(), words()) -> boolean().
match([<<$$, _/binary>> | _], [Wildcard | _]) when Wildcard =:= '+'; Wildcard =:= '#' -> false;
match(Topic, Filter) -> covers(Topic, Filter).

covers(_, ['#']) -> true;
covers([Word | Topic], [Word | Filter]) -> covers(Topic, Filter);
covers([_ | Topic], ['+' | Filter]) -> covers(Topic, Filter);
covers([], []) -> true;
covers(_, _) -> false.

%% The filter of a shared subscription, or the filter itself.
-spec shared(binary()) -> binary().
shared(<<"$share/", Rest/binary>> = Filter) ->
    case binary:split(Rest, <<"/">>) of
        [_, Shared] -> Shared;
        [_] -> Filter
    end;
shared(<<"$queue/", Shared/binary>>) ->
    Shared;
shared(Filter) ->
    Filter.

-spec to_session(binary()) -> binary().
to_session(<<"$share/", Rest/binary>>) -> <<?SHARED, Rest/binary>>;
to_session(<<"$queue/", Rest/binary>>) -> <<?SHARED, "$queue/", Rest/binary>>;
to_session(Filter) -> Filter.

%% {Group, Filter}; the group is `none` for a subscription of the client's own.
-spec of_session(binary()) -> {none | binary(), binary()}.
of_session(<<?SHARED, Rest/binary>>) ->
    case binary:split(Rest, <<"/">>) of
        [Group, Filter] -> {Group, Filter};
        [_] -> {none, Rest}
    end;
of_session(Filter) ->
    {none, Filter}.
