%% Who a client is: a chain of authenticators, asked in their order.
-module(emqx_authn).
-export([prepare/1, run/2, told/4]).

-type authenticator() :: {module() | unanswerable, map()}.
-type outcome() :: {ok, map()} | {error, not_authorized | bad_username_or_password}.
-export_type([authenticator/0]).

%% An authenticator as `run` wants it, from its settings.
-spec prepare(map()) -> {ok, authenticator()} | {error, term()}.
prepare(#{<<"mechanism">> := <<"password_based">>, <<"backend">> := <<"built_in_database">>} = Settings) ->
    #{<<"password_hash_algorithm">> := Algorithm} = Settings,
    case emqx_password:is_supported(Algorithm) of
        true -> {ok, {emqx_users, Settings}};
        false -> {ok, unanswerable(Settings, <<"its passwords are hashed by bcrypt">>)}
    end;
prepare(#{<<"mechanism">> := <<"password_based">>, <<"backend">> := <<"http">>} = Settings) ->
    emqx_http_authn:prepare(Settings);
prepare(#{<<"mechanism">> := <<"jwt">>} = Settings) ->
    case emqx_jwt:prepare(Settings) of
        {ok, Prepared} -> {ok, {emqx_jwt, Prepared}};
        {error, Reason} -> {error, Reason}
    end;
prepare(Settings) ->
    {ok, unanswerable(Settings, <<"the stand-in has nothing to ask it with">>)}.

%% Whom such an authenticator would let in nobody knows here: it lets in nobody.
unanswerable(#{<<"id">> := Id}, Why) ->
    logger:warning("msg: authenticator_not_asked, authenticator: ~ts, reason: ~ts: it refuses every client", [Id, Why]),
    {unanswerable, #{}}.

%% The first authenticator that knows the client decides; one that cannot say, or fails, is passed over. A client whom
%% none knows is not authorized.
-spec run([authenticator()], emqx_identity:client()) -> outcome().
run([], _) ->
    {error, not_authorized};
run([{unanswerable, _} | _], _) ->
    {error, not_authorized};
run([{Module, Settings} | More], Client) ->
    try Module:authenticate(Client, Settings) of
        ignore -> run(More, Client);
        Outcome -> Outcome
    catch
        _:Reason ->
            logger:warning("msg: authenticator_error, authenticator: ~ts, reason: ~0p", [Module, Reason]),
            run(More, Client)
    end.

%% What a token or an authentication server says of a client, with rules of its own under `AclName` and until when it
%% holds, in seconds of the epoch; `Disconnect`: whether the client has to go then.
-spec told(map(), binary(), undefined | number(), boolean()) -> outcome().
told(Claims, AclName, Expires, Disconnect) ->
    try
        {ok, maps:from_list(
            [{is_superuser, is_true(maps:get(<<"is_superuser">>, Claims, false))}, {attributes, attributes(Claims)}] ++
            [{acl, emqx_authz:from_claims(maps:get(AclName, Claims), Expires)} || is_map_key(AclName, Claims)] ++
            [{expire_at, round(Expires * 1000)} || Disconnect, Expires =/= undefined]
        )}
    catch
        _:_ -> {error, bad_username_or_password}
    end.

is_true(Value) when is_boolean(Value) -> Value;
is_true(Value) when is_integer(Value) -> Value >= 1;
is_true(<<"true">>) -> true;
is_true(Value) when is_binary(Value) -> try binary_to_integer(Value) >= 1 catch error:badarg -> false end;
is_true(_) -> false.

attributes(#{<<"client_attrs">> := Attributes}) when is_map(Attributes) -> Attributes;
attributes(_) -> #{}.
