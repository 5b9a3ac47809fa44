%% Who is kept out, whoever it says it is: by an administrator, or for connecting too often. The same in the whole
%% cluster.
-module(emqx_banned).
-export([create_tables/0, is_banned/1, count/1]).
-export([list/0, add/5, remove/2, clear/0]).

-record(emqx_banned, {who :: who(), by :: binary(), reason :: binary(), at :: integer(), until :: integer() | infinity}).

-type as() :: clientid | username | peerhost | peerhost_net | clientid_re | username_re.
-type who() :: {as(), binary()}.

-define(COUNTS, emqx_flapping).
-define(INDIVIDUALS, [clientid, username, peerhost]).

-spec create_tables() -> ok.
create_tables() ->
    _ = ets:whereis(?COUNTS) =:= undefined andalso ets:new(?COUNTS, [named_table, public]),
    emqx_table:create(emqx_banned, record_info(fields, emqx_banned)).

-spec is_banned(emqx_identity:client()) -> boolean().
is_banned(#{client_id := ClientId, username := Username, peerhost := Host}) ->
    Facts = #{clientid => ClientId, username => Username, peerhost => list_to_binary(inet:ntoa(Host))},
    Now = erlang:system_time(second),
    Exact = lists:append([mnesia:dirty_read(emqx_banned, {As, maps:get(As, Facts)}) || As <- ?INDIVIDUALS]),
    lists:any(fun(#emqx_banned{who = Who, until = Until}) ->
        Until > Now andalso covers(Who, Facts, Host)
    end, Exact ++ rules()).

rules() ->
    [Ban || Ban = #emqx_banned{who = {As, _}} <- all(), not lists:member(As, ?INDIVIDUALS)].

covers({peerhost_net, Range}, _, Host) -> emqx_address:is_within(Host, emqx_address:range(Range));
covers({clientid_re, Pattern}, #{clientid := ClientId}, _) -> re:run(ClientId, Pattern, [{capture, none}]) =:= match;
covers({username_re, _}, #{username := undefined}, _) -> false;
covers({username_re, Pattern}, #{username := Username}, _) -> re:run(Username, Pattern, [{capture, none}]) =:= match;
covers(_, _, _) -> true.

%% Bans a client's id that connects too often, before anybody has asked whether it is the client's.
-spec count(emqx_identity:client()) -> ok.
count(#{client_id := ClientId, listener := Listener}) ->
    case emqx_policy:zone(Listener) of
        {_, #{<<"flapping">> := #{<<"enable">> := true} = Flapping}} -> count(ClientId, Flapping);
        _ -> ok
    end.

count(ClientId, #{<<"max_count">> := Limit, <<"window_ms">> := Window, <<"ban_ms">> := Length}) ->
    Now = erlang:system_time(millisecond),
    Times = [At || {_, Before} <- ets:lookup(?COUNTS, ClientId), At <- Before, At > Now - Window],
    case length(Times) + 1 < Limit of
        true ->
            true = ets:insert(?COUNTS, {ClientId, [Now | Times]}),
            ok;
        false ->
            true = ets:delete(?COUNTS, ClientId),
            logger:warning("clientid: ~ts, msg: flapping_detected", [ClientId]),
            At = Now div 1000,
            _ = add({clientid, ClientId}, <<"flapping detector">>, <<"flapping is detected">>, At, At + Length div 1000),
            ok
    end.

-spec list() -> [map()].
list() ->
    [told(Ban) || Ban <- lists:sort(all())].

%% Who is banned already stays so, as long as it was said then.
-spec add(who(), binary(), binary(), integer(), integer() | infinity) -> ok | {error, already_exists}.
add(Who, By, Reason, At, Until) ->
    Now = erlang:system_time(second),
    case mnesia:dirty_read(emqx_banned, Who) of
        [#emqx_banned{until = Former}] when Former > Now -> {error, already_exists};
        _ -> mnesia:dirty_write(#emqx_banned{who = Who, by = By, reason = Reason, at = At, until = Until})
    end.

-spec remove(as(), binary()) -> ok | {error, not_found}.
remove(As, Who) ->
    case mnesia:dirty_read(emqx_banned, {As, Who}) of
        [_] -> mnesia:dirty_delete(emqx_banned, {As, Who});
        [] -> {error, not_found}
    end.

-spec clear() -> ok.
clear() ->
    {atomic, ok} = mnesia:clear_table(emqx_banned),
    ok.

all() -> mnesia:dirty_match_object(#emqx_banned{_ = '_'}).

told(#emqx_banned{who = {As, Who}, by = By, reason = Reason, at = At, until = Until}) ->
    #{as => As, who => Who, by => By, reason => Reason, at => At, until => Until}.
