%% Who may use the dashboard's API: its users with their tokens, and API keys, the same in the whole cluster.
-module(emqx_admins).
-export([create_tables/0, ensure/1, import/1]).
-export([login/2, logout/1, owner/1, add/4, passwd/2, change_passwd/3, remove/1, list/0]).
-export([key/2, keys/0, add_key/2, remove_key/1]).

-record(emqx_admin, {username :: binary(), salt :: binary(), hash :: binary(), role :: binary(), description :: binary()}).
-record(emqx_token, {token :: binary(), username :: binary(), expires :: integer()}).
-record(emqx_api_key, {name :: binary(), key :: binary(), salt :: binary(), hash :: binary(), properties :: map()}).

-define(TOKEN_SECONDS, 3600).
-define(ADMINISTRATOR, <<"administrator">>).

-spec create_tables() -> ok.
create_tables() ->
    ok = emqx_table:create(emqx_admin, record_info(fields, emqx_admin)),
    ok = emqx_table:create(emqx_token, record_info(fields, emqx_token)),
    emqx_table:create(emqx_api_key, record_info(fields, emqx_api_key)).

%% What a start makes: the default user unless there is one of that name, and the keys of the bootstrap file, whose
%% secrets win over those that are known.
-spec ensure(map()) -> ok.
ensure(#{<<"default_username">> := Username, <<"default_password">> := Password, <<"api_keys">> := Keys}) ->
    mnesia:dirty_read(emqx_admin, Username) =:= [] andalso add(Username, Password, ?ADMINISTRATOR, <<>>),
    import(Keys).

%% What the bootstrap file names; none that it does not name is touched.
-spec import([[binary()]]) -> ok.
import(Keys) ->
    lists:foreach(fun([Key, Secret, Role]) ->
        Hex = string:lowercase(binary:encode_hex(crypto:hash(sha512, Key))),
        Name = <<"from_bootstrap_file_", (binary:part(Hex, 0, 16))/binary>>,
        [mnesia:dirty_delete_object(Other) || #emqx_api_key{name = One} = Other <- find_key(Key), One =/= Name],
        write_key(Name, Key, Secret, #{<<"enable">> => true, <<"desc">> => <<"Bootstrapped From File">>, <<"role">> => Role,
                                       <<"expired_at">> => <<"infinity">>, <<"created_at">> => erlang:system_time(second)})
    end, Keys).

%% Users

%% A token, or `error` for a wrong name or password.
-spec login(binary(), binary()) -> {ok, binary(), Role :: binary()} | error.
login(Username, Password) ->
    case mnesia:dirty_read(emqx_admin, Username) of
        [#emqx_admin{salt = Salt, hash = Hash, role = Role}] ->
            case crypto:hash_equals(Hash, hash(Salt, Password)) of
                true ->
                    Token = binary:encode_hex(crypto:strong_rand_bytes(32)),
                    Expires = erlang:system_time(second) + ?TOKEN_SECONDS,
                    ok = mnesia:dirty_write(#emqx_token{token = Token, username = Username, expires = Expires}),
                    {ok, Token, Role};
                false ->
                    error
            end;
        [] ->
            error
    end.

-spec logout(binary()) -> ok.
logout(Token) ->
    mnesia:dirty_delete(emqx_token, Token).

%% Whose token it is.
-spec owner(binary()) -> {ok, binary()} | error.
owner(Token) ->
    Now = erlang:system_time(second),
    case mnesia:dirty_read(emqx_token, Token) of
        [#emqx_token{username = Username, expires = Expires}] when Expires > Now -> {ok, Username};
        _ -> error
    end.

-spec add(binary(), binary(), binary(), binary()) -> ok | {error, binary()}.
add(Username, Password, Role, Description) ->
    case mnesia:dirty_read(emqx_admin, Username) of
        [] -> write(Username, Password, Role, Description);
        [_] -> {error, <<"username_already_exists">>}
    end.

%% Ends the user's tokens, as EMQX does.
-spec passwd(binary(), binary()) -> ok | {error, binary()}.
passwd(Username, Password) ->
    case mnesia:dirty_read(emqx_admin, Username) of
        [#emqx_admin{role = Role, description = Description}] ->
            [mnesia:dirty_delete_object(T) || T <- mnesia:dirty_match_object(#emqx_token{username = Username, _ = '_'})],
            write(Username, Password, Role, Description);
        [] ->
            {error, <<"username_not_found">>}
    end.

-spec change_passwd(binary(), binary(), binary()) -> ok | {error, binary()}.
change_passwd(Username, Former, Password) ->
    case mnesia:dirty_read(emqx_admin, Username) of
        [#emqx_admin{salt = Salt, hash = Hash}] ->
            case crypto:hash_equals(Hash, hash(Salt, Former)) of
                true -> passwd(Username, Password);
                false -> {error, <<"password_error">>}
            end;
        [] ->
            {error, <<"username_not_found">>}
    end.

-spec remove(binary()) -> ok | {error, binary()}.
remove(Username) ->
    case mnesia:dirty_read(emqx_admin, Username) of
        [_] -> mnesia:dirty_delete(emqx_admin, Username);
        [] -> {error, <<"username_not_found">>}
    end.

-spec list() -> [map()].
list() ->
    [#{username => Username, role => Role, description => Description}
     || #emqx_admin{username = Username, role = Role, description = Description}
            <- lists:sort(mnesia:dirty_match_object(#emqx_admin{_ = '_'}))].

write(Username, Password, Role, Description) ->
    Salt = crypto:strong_rand_bytes(8),
    mnesia:dirty_write(#emqx_admin{username = Username, salt = Salt, hash = hash(Salt, Password), role = Role,
                                   description = Description}).

%% Keys

%% The role of a key, if its secret is right and it is in use.
-spec key(binary(), binary()) -> {ok, binary()} | error.
key(Key, Secret) ->
    case find_key(Key) of
        [#emqx_api_key{salt = Salt, hash = Hash, properties = #{<<"enable">> := true, <<"role">> := Role} = Properties}] ->
            Valid = crypto:hash_equals(Hash, hash(Salt, Secret)) andalso is_in_time(maps:get(<<"expired_at">>, Properties)),
            case Valid of true -> {ok, Role}; false -> error end;
        _ ->
            error
    end.

-spec keys() -> [map()].
keys() ->
    [Properties#{<<"name">> => Name, <<"api_key">> => Key}
     || #emqx_api_key{name = Name, key = Key, properties = Properties}
            <- lists:sort(mnesia:dirty_match_object(#emqx_api_key{_ = '_'}))].

%% Its key and secret are told this once.
-spec add_key(binary(), map()) -> {ok, #{binary() => binary()}} | {error, binary()}.
add_key(Name, Properties) ->
    case mnesia:dirty_read(emqx_api_key, Name) of
        [] ->
            Key = binary:part(string:lowercase(binary:encode_hex(crypto:hash(sha512, Name))), 0, 16),
            Secret = string:lowercase(binary:encode_hex(crypto:strong_rand_bytes(24))),
            ok = write_key(Name, Key, Secret, Properties),
            {ok, #{<<"api_key">> => Key, <<"api_secret">> => Secret}};
        [_] ->
            {error, <<"name_already_existed">>}
    end.

-spec remove_key(binary()) -> ok | {error, binary()}.
remove_key(Name) ->
    case mnesia:dirty_read(emqx_api_key, Name) of
        [_] -> mnesia:dirty_delete(emqx_api_key, Name);
        [] -> {error, <<"not_found">>}
    end.

find_key(Key) -> mnesia:dirty_match_object(#emqx_api_key{key = Key, _ = '_'}).

write_key(Name, Key, Secret, Properties) ->
    Salt = crypto:strong_rand_bytes(8),
    mnesia:dirty_write(#emqx_api_key{name = Name, key = Key, salt = Salt, hash = hash(Salt, Secret), properties = Properties}).

is_in_time(<<"infinity">>) -> true;
is_in_time(Until) -> calendar:rfc3339_to_system_time(binary_to_list(Until)) >= erlang:system_time(second).

hash(Salt, Password) -> crypto:pbkdf2_hmac(sha256, Password, Salt, 10000, 32).
