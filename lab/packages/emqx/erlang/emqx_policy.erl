%% What is in force on this node for clients: who is let in and what they may do. It can change at any time, and what
%% it says holds at once for clients that are connected.
-module(emqx_policy).
-export([apply/1, zone/1, deny_action/0, authenticate/1, authorize/3, authenticator/1]).

-define(CODES, #{bad_username_or_password => 16#86, not_authorized => 16#87}).
-define(LOG_EVERY_MS, 60000).

%% Puts settings in force, as emqx_standin writes them; nothing changes when they are refused.
-spec apply(map()) -> ok | {error, term()}.
apply(#{<<"authentication">> := Global, <<"authorization">> := Authorization, <<"listeners">> := Listeners} = Settings) ->
    case sources(maps:get(<<"sources">>, Authorization)) of
        {ok, Sources} ->
            Former = persistent_term:get(?MODULE, #{settings => #{}}),
            Chains = maps:from_list([{Name, Chain} || #{<<"name">> := Name, <<"authentication">> := Chain} <- Listeners]),
            Given = Chains#{global => Global},
            _ = forget_users(Given, Former),
            persistent_term:put(?MODULE, #{
                zones => maps:get(<<"zones">>, Settings),
                zone_of => maps:from_list([{Name, Zone} || #{<<"name">> := Name, <<"zone">> := Zone} <- Listeners]),
                no_match => binary_to_existing_atom(maps:get(<<"no_match">>, Authorization)),
                deny_action => binary_to_existing_atom(maps:get(<<"deny_action">>, Authorization)),
                sources => Sources,
                given => Given,
                chains => prepared(Given, Former),
                enable_authn => maps:from_list([{Name, How} || #{<<"name">> := Name, <<"enable_authn">> := How} <- Listeners])
            }),
            ok;
        {error, Reason} ->
            {error, Reason}
    end.

%% A chain that did not change is left as it is: EMQX reads its files of users only when it makes authenticators.
prepared(Given, Former) ->
    FormerGiven = maps:get(given, Former, #{}),
    FormerChains = maps:get(chains, Former, #{}),
    maps:map(fun(Name, Chain) ->
        case FormerGiven of
            #{Name := Chain} -> maps:get(Name, FormerChains);
            _ -> [prepare(Settings) || Settings <- Chain]
        end
    end, Given).

prepare(#{<<"id">> := Id, <<"enable">> := Enable} = Settings) ->
    case emqx_authn:prepare(Settings) of
        {ok, Prepared} ->
            _ = [emqx_users:bootstrap(Users, fun logger:warning/2) || {emqx_users, Users} <- [Prepared]],
            case Enable of true -> {enabled, Prepared}; false -> {disabled, Prepared} end;
        {error, Reason} ->
            logger:error("msg: failed_to_create_authenticator, authenticator: ~ts, reason: ~0p", [Id, Reason]),
            missing
    end.

%% As in EMQX, an authenticator that is taken away takes its users along.
forget_users(Given, Former) ->
    Kept = [{Group, Id} || Chain <- maps:values(Given), #{<<"group">> := Group, <<"id">> := Id} <- Chain],
    [emqx_users:clear(Settings)
     || Chain <- maps:values(maps:get(given, Former, #{})),
        #{<<"group">> := Group, <<"id">> := Id, <<"backend">> := <<"built_in_database">>} = Settings <- Chain,
        not lists:member({Group, Id}, Kept)].

sources(Given) ->
    lists:foldl(fun
        (_, {error, Reason}) -> {error, Reason};
        (#{<<"enable">> := false}, Acc) -> Acc;
        (#{<<"type">> := <<"file">>, <<"path">> := Path}, {ok, Sources}) ->
            case emqx_authz:read(Path) of
                {ok, Rules} -> {ok, Sources ++ [Rules]};
                {error, Reason} -> {error, {Path, Reason}}
            end;
        (#{<<"type">> := Type}, {ok, Sources}) ->
            logger:warning("msg: authorization_source_not_asked, type: ~ts, reason: the stand-in has nothing to ask it with: "
                           "it denies everything", [Type]),
            {ok, Sources ++ [[emqx_authz:compile({deny, all})]]}
    end, {ok, []}, Given).

%% The zone of a listener's clients, and the settings that hold there.
-spec zone(binary()) -> {binary(), map()}.
zone(Listener) ->
    #{zones := #{<<>> := Other} = Zones, zone_of := ZoneOf} = policy(),
    Zone = maps:get(Listener, ZoneOf, <<"default">>),
    {Zone, maps:get(Zone, Zones, Other)}.

-spec deny_action() -> ignore | disconnect.
deny_action() ->
    maps:get(deny_action, policy()).

%% The settings of an authenticator of users: {ChainName, Id} with ChainName `global` or a listener's name.
-spec authenticator({global | binary(), binary()}) -> {ok, map()} | error.
authenticator({Name, Id}) ->
    case [Settings || #{<<"id">> := One} = Settings <- maps:get(Name, maps:get(given, policy()), []), One =:= Id] of
        [Settings] -> {ok, Settings};
        [] -> error
    end.

%% What is known of the client once it is let in, without its password.
-spec authenticate(emqx_identity:client()) -> {ok, emqx_identity:client()} | {error, byte()}.
authenticate(#{listener := Listener, username := Username} = Client) ->
    #{chains := Chains, enable_authn := EnableAuthn} = policy(),
    Outcome = case maps:get(Listener, EnableAuthn, true) of
        false -> {ok, #{}};
        <<"quick_deny_anonymous">> when Username =:= undefined; Username =:= <<>> -> {error, not_authorized};
        _ -> run(chain(Listener, Chains), Client)
    end,
    case Outcome of
        {ok, Told} ->
            {ok, emqx_identity:learn(Client, Told)};
        {error, Reason} ->
            log_failure(Client, Reason),
            {error, maps:get(Reason, ?CODES)}
    end.

chain(Listener, Chains) ->
    case [One || One <- maps:get(Listener, Chains, []), One =/= missing] of
        [] -> [One || One <- maps:get(global, Chains), One =/= missing];
        Own -> Own
    end.

%% As in EMQX, a chain without an authenticator that is enabled lets everybody in.
run(Chain, Client) ->
    case [Authenticator || {enabled, Authenticator} <- Chain] of
        [] -> {ok, #{}};
        Enabled -> emqx_authn:run(Enabled, Client)
    end.

%% The first of a minute, as EMQX has it.
log_failure(#{client_id := ClientId, username := Username, peerhost := Host}, Reason) ->
    Now = erlang:monotonic_time(millisecond),
    case persistent_term:get({?MODULE, logged}, undefined) of
        Before when is_integer(Before), Now - Before < ?LOG_EVERY_MS ->
            ok;
        _ ->
            persistent_term:put({?MODULE, logged}, Now),
            logger:warning("tag: AUTHN, clientid: ~ts, msg: authentication_failure, peername: ~ts, username: ~ts, reason: ~ts",
                           [ClientId, inet:ntoa(Host), Username, Reason])
    end.

-spec authorize(emqx_identity:client(), emqx_authz:action(), binary()) -> allow | deny.
authorize(#{is_superuser := true}, _, _) ->
    allow;
authorize(Client, Action, <<"$delayed/", Delayed/binary>>) ->
    case binary:split(Delayed, <<"/">>) of
        [_, Topic] -> authorize(Client, Action, Topic);
        [_] -> deny
    end;
authorize(Client, Action, Topic) ->
    #{sources := Sources, no_match := NoMatch} = policy(),
    first(Client, Action, Topic, own_rules(Client) ++ Sources, NoMatch).

first(_, _, _, [], NoMatch) ->
    NoMatch;
first(Client, Action, Topic, [Rules | Sources], NoMatch) ->
    case emqx_authz:judge(Client, Action, Topic, Rules) of
        nomatch -> first(Client, Action, Topic, Sources, NoMatch);
        Verdict -> Verdict
    end.

%% Rules that came with a token end with it.
own_rules(#{acl := #{rules := Rules, expires := Expires}}) ->
    case Expires =:= undefined orelse Expires > erlang:system_time(second) of
        true -> [Rules];
        false -> [[emqx_authz:compile({deny, all})]]
    end;
own_rules(_) ->
    [].

policy() -> persistent_term:get(?MODULE).
