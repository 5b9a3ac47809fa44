%% The licence that is in force on this node, in EMQX from 5.9 on: how many sessions the cluster may have, and who may join.
-module(emqx_license).
-behaviour(gen_server).
-export([load/1, stop/0, check/1, may_join/1, sessions/0, info/0, judge/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-define(TABLE, emqx_license).
-define(CHECK_MS, 5000).
-define(REFRESH_MS, 120000).
-define(COUNT_MS, 500).
-define(QUOTA_EXCEEDED, 16#97).

-define(OFFICIAL, 1).
-define(COMMUNITY, 2).
-define(SMALL, 0).
-define(BUSINESS_CRITICAL, 3).
-define(EVALUATION, 10).
-define(GRACE_DAYS, 90).
-define(MOST_UPTIME_S, 30 * 24 * 60 * 60).
-define(FEW, 25).

%% Puts the settings of `license` in force; null where the edition has none. Nothing changes when they are refused.
%% `update`: an update of the root was asked for, be it the same as before, which has EMQX read the key anew.
-spec load(null | map()) -> ok | {error, term()}.
load(null) ->
    ok;
load(#{<<"key">> := Key, <<"dynamic_max_connections">> := Dynamic, <<"update">> := Update}) ->
    case {whereis(?MODULE), Update} of
        {undefined, _} ->
            with(Key, fun(Licence) ->
                {ok, _} = gen_server:start_link({local, ?MODULE}, ?MODULE, {Key, Licence, Dynamic}, []),
                ok
            end);
        {_, true} ->
            with(Key, fun(Licence) -> gen_server:call(?MODULE, {update, Key, Licence, Dynamic}) end);
        {_, false} ->
            ok
    end.

with(Key, Use) ->
    case judge(Key) of
        {ok, Licence} -> Use(Licence);
        Error -> Error
    end.

%% Before the node's applications begin anew.
-spec stop() -> ok.
stop() ->
    whereis(?MODULE) =:= undefined orelse gen_server:stop(?MODULE),
    ok.

%% Whether a key can be in force here: one for a single node cannot where there are others.
-spec judge(binary()) -> {ok, emqx_license_parser:licence()} | {error, term()}.
judge(Key) ->
    case emqx_license_parser:parse(Key) of
        {ok, #{type := ?COMMUNITY}} = Parsed ->
            {Running, _} = emqx_cluster:status(),
            case Running of
                [_, _ | _] -> {error, 'SINGLE_NODE_LICENSE'};
                _ -> Parsed
            end;
        Parsed ->
            Parsed
    end.

%% Of a client that comes, before anything else is asked of it.
-spec check(binary()) -> ok | {error, byte()}.
check(ClientId) ->
    case ets:whereis(?TABLE) =/= undefined andalso ets:lookup(?TABLE, limit) of
        false ->
            ok;
        [{limit, Limit}] when is_atom(Limit) ->
            refuse(Limit);
        [{limit, Limit}] ->
            [{sessions, Sessions}] = ets:lookup(?TABLE, sessions),
            case Sessions >= overshot(Limit) andalso (ClientId =:= <<>> orelse emqx_router:sessions(ClientId) =:= []) of
                true -> refuse(limit_reached);
                false -> ok
            end
    end.

refuse(Reason) ->
    logger:error("tag: LICENSE, msg: connection_rejected_due_to_license_~ts", [Reason]),
    {error, ?QUOTA_EXCEEDED}.

%% A tenth more than a larger licence says.
overshot(Limit) when Limit =< ?FEW -> Limit;
overshot(Limit) -> round(Limit * 1.1).

%% Asked on the node whose cluster another one is told to join.
-spec may_join(node()) -> ok | {error, string()}.
may_join(_) ->
    case ets:whereis(?TABLE) =/= undefined andalso ets:lookup(?TABLE, single) of
        [{single, true}] -> {error, lists:flatten(io_lib:format("Node ~ts has a single node license", [node()]))};
        _ -> ok
    end.

%% On this node, also of clients that are away.
-spec sessions() -> non_neg_integer().
sessions() ->
    ets:info(emqx_clients, size).

%% What `emqx ctl license info` prints, in its order.
-spec info() -> [{atom(), binary() | integer() | boolean()}].
info() ->
    {#{type := Type, start := Start, ends := Ends} = Licence, Most} = gen_server:call(?MODULE, licence),
    [{Name, maps:get(Name, Licence)} || Name <- [customer, email, deployment]] ++ [
        {max_sessions, Most},
        {start_at, written(Start)},
        {expiry_at, written(Ends)},
        {type, element(Type + 1, {<<"trial">>, <<"official">>, <<"community">>})},
        {customer_type, maps:get(customer_type, Licence)},
        {expiry, today() > Ends}
    ].

written({Year, Month, Day}) ->
    iolist_to_binary(io_lib:format("~4..0w-~2..0w-~2..0w", [Year, Month, Day])).

%% The process

init({Key, Licence, Dynamic}) ->
    ?TABLE = ets:new(?TABLE, [named_table, {read_concurrency, true}]),
    _ = erlang:send_after(?CHECK_MS, self(), check),
    true = ets:insert(?TABLE, {sessions, 0}),
    {ok, in_force(timed(#{
        key => Key, licence => Licence, dynamic => Dynamic, since => erlang:monotonic_time(second), refresh => undefined
    }))}.

handle_call(licence, _, #{licence := Licence} = State) ->
    {reply, {Licence, most(State)}, State};
handle_call({update, Key, Licence, Dynamic}, _, State) ->
    {reply, ok, in_force(timed(renewed(Licence, State#{key := Key, dynamic := Dynamic})))}.

handle_cast(_, State) ->
    {noreply, State}.

handle_info(check, State) ->
    _ = erlang:send_after(?CHECK_MS, self(), check),
    true = ets:insert(?TABLE, {sessions, of_cluster()}),
    {noreply, in_force(State)};
%% A key that is a file is looked at again; one that was wrong in the meantime leaves the former in force.
handle_info(refresh, #{key := <<"file://", _/binary>> = Key} = State) ->
    case emqx_license_parser:parse(Key) of
        {ok, Licence} ->
            {noreply, timed(renewed(Licence, State))};
        {error, Reason} ->
            logger:error("tag: LICENSE, msg: emqx_license_refresh_failed, reason: ~0p", [Reason]),
            {noreply, timed(State)}
    end;
handle_info(refresh, State) ->
    {noreply, timed(State)}.

timed(#{refresh := Former} = State) ->
    Former =:= undefined orelse erlang:cancel_timer(Former),
    State#{refresh := erlang:send_after(?REFRESH_MS, self(), refresh)}.

renewed(Licence, #{licence := Licence} = State) ->
    State;
renewed(#{max_sessions := Most, ends := Ends} = Licence, State) ->
    logger:notice("tag: LICENSE, msg: new_license_loaded, max_sessions: ~b, expiry_at: ~ts", [Most, written(Ends)]),
    State#{licence := Licence}.

in_force(#{licence := #{type := Type} = Licence, since := Since} = State) ->
    Limit = case {is_over(Licence), Licence} of
        {true, _} ->
            expired;
        {false, #{customer_type := ?EVALUATION}} ->
            case erlang:monotonic_time(second) - Since >= ?MOST_UPTIME_S of
                true -> max_uptime_reached;
                false -> most(State)
            end;
        {false, _} ->
            most(State)
    end,
    true = ets:insert(?TABLE, [{limit, Limit}, {single, Type =:= ?COMMUNITY}]),
    State.

%% Of business critical customers' the configuration says how much is used.
most(#{licence := #{customer_type := ?BUSINESS_CRITICAL, max_sessions := Most}, dynamic := Dynamic}) -> min(Most, Dynamic);
most(#{licence := #{max_sessions := Most}}) -> Most.

%% EMQX goes on with a customer's licence that has ended, but for a small one's.
is_over(#{type := Type, customer_type := Whose, ends := Ends}) ->
    Left = calendar:date_to_gregorian_days(Ends) - calendar:date_to_gregorian_days(today()),
    (Type =/= ?OFFICIAL andalso Left < 0) orelse (Whose =:= ?SMALL andalso Left < -?GRACE_DAYS).

today() ->
    {Today, _} = calendar:universal_time(),
    Today.

of_cluster() ->
    {Running, _} = emqx_cluster:status(),
    lists:sum([Count || {ok, Count} <- erpc:multicall(Running, ?MODULE, sessions, [], ?COUNT_MS)]).
