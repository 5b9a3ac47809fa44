%% Authentication by a JSON web token.
-module(emqx_jwt).
-export([prepare/1, authenticate/2]).

-define(VARIABLES, [<<"clientid">>, <<"username">>]).

%% What `authenticate` needs of an authenticator's settings; the keys of a JWKS endpoint are fetched from now on.
-spec prepare(map()) -> {ok, map()} | {error, term()}.
prepare(#{<<"use_jwks">> := true, <<"endpoint">> := Endpoint, <<"headers">> := Headers} = Authenticator) ->
    ok = emqx_jwks:follow(Endpoint, Headers, maps:get(<<"refresh_interval">>, Authenticator)),
    {ok, prepared(Authenticator, {endpoint, Endpoint})};
prepare(#{<<"algorithm">> := <<"hmac-based">>, <<"secret">> := Secret} = Authenticator) ->
    try
        Key = case maps:get(<<"secret_base64_encoded">>, Authenticator) of
            true -> base64:decode(Secret);
            false -> Secret
        end,
        {ok, prepared(Authenticator, {keys, [jose_jwk:from_oct(Key)]})}
    catch
        _:_ -> {error, {invalid_parameter, secret}}
    end;
prepare(#{<<"algorithm">> := <<"public-key">>, <<"public_key">> := Given} = Authenticator) ->
    try
        Key = case filelib:is_file(Given) of
            true -> jose_jwk:from_pem_file(Given);
            false -> jose_jwk:from_pem(Given)
        end,
        jose_jwk = element(1, Key),
        {ok, prepared(Authenticator, {keys, [Key]})}
    catch
        _:_ -> {error, invalid_public_key}
    end.

prepared(Authenticator, Keys) ->
    Claims = maps:get(<<"verify_claims">>, Authenticator),
    #{
        keys => Keys,
        from => binary_to_existing_atom(maps:get(<<"from">>, Authenticator)),
        claims => [{Name, emqx_template:parse(Expected, ?VARIABLES)} || {Name, Expected} <- maps:to_list(Claims)],
        acl_claim => maps:get(<<"acl_claim_name">>, Authenticator),
        disconnect => maps:get(<<"disconnect_after_expire">>, Authenticator)
    }.

%% A token that no key has signed is somebody else's business; a signed one is judged.
-spec authenticate(emqx_identity:client(), map()) -> ignore | {ok, map()} | {error, bad_username_or_password}.
authenticate(#{auth_method := true}, _) ->
    ignore;
authenticate(Client, #{keys := Keys, from := From} = Authenticator) ->
    case maps:get(From, Client) of
        undefined ->
            ignore;
        Token ->
            case signed(Token, keys(Keys)) of
                {ok, Claims} -> judge(numbers(Claims), Client, Authenticator);
                unsigned -> ignore
            end
    end.

keys({keys, Keys}) -> Keys;
keys({endpoint, Endpoint}) -> emqx_jwks:keys(Endpoint).

signed(_, []) ->
    unsigned;
signed(Token, [Key | Keys]) ->
    try jose_jws:verify(Key, Token) of
        {true, Payload, _} -> {ok, #{} = jiffy:decode(Payload, [return_maps])};
        {false, _, _} -> signed(Token, Keys)
    catch
        _:_ -> signed(Token, Keys)
    end.

judge(Claims, Client, #{claims := Expected, acl_claim := AclClaim, disconnect := Disconnect}) ->
    Now = erlang:system_time(second),
    Values = emqx_identity:variables(Client),
    InTime = not_before(maps:get(<<"nbf">>, Claims, Now), Now) andalso not_after(maps:get(<<"exp">>, Claims, infinity), Now),
    Right = lists:all(fun({Name, Template}) ->
        maps:get(Name, Claims, undefined) =:= emqx_template:render(Template, Values)
    end, Expected),
    case InTime andalso Right of
        true -> emqx_authn:told(Claims, AclClaim, maps:get(<<"exp">>, Claims, undefined), Disconnect);
        false -> {error, bad_username_or_password}
    end.

not_before(From, Now) -> is_number(From) andalso From =< Now.

not_after(infinity, _) -> true;
not_after(Until, Now) -> is_number(Until) andalso Now < Until.

%% Times may be given as texts.
numbers(Claims) ->
    lists:foldl(fun(Name, Acc) ->
        case Acc of
            #{Name := Text} when is_binary(Text) ->
                try Acc#{Name := binary_to_integer(Text)} catch error:badarg -> Acc end;
            _ ->
                Acc
        end
    end, Claims, [<<"exp">>, <<"nbf">>]).
