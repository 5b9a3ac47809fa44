%% The built-in database of users: one table for the whole cluster, each authenticator's users in a group of their own.
-module(emqx_users).
-export([create_table/0, authenticate/2, import/4, bootstrap/2]).
-export([add/4, change/4, remove/2, find/2, list/1, clear/1]).

-record(emqx_user, {
    key :: {Group :: binary(), UserId :: binary()},
    hash :: binary(),
    salt :: binary(),
    is_superuser :: boolean()
}).

%% `group`, `user_id_type` (username or clientid), `password_hash_algorithm`, `bootstrap_file`, `bootstrap_type`.
-type authenticator() :: #{binary() => term()}.
-type user() :: #{user_id := binary(), is_superuser := boolean()}.

-spec create_table() -> ok.
create_table() ->
    emqx_table:create(emqx_user, record_info(fields, emqx_user)).

-spec authenticate(emqx_identity:client(), authenticator()) -> ignore | {ok, map()} | {error, bad_username_or_password}.
authenticate(#{auth_method := true}, _) ->
    ignore;
authenticate(#{password := undefined}, _) ->
    {error, bad_username_or_password};
authenticate(#{password := Password} = Client, #{<<"group">> := Group, <<"user_id_type">> := Type} = Authenticator) ->
    Id = case Type of
        <<"username">> -> maps:get(username, Client);
        <<"clientid">> -> maps:get(client_id, Client)
    end,
    case mnesia:dirty_read(emqx_user, {Group, Id}) of
        [] ->
            ignore;
        [#emqx_user{hash = Hash, salt = Salt, is_superuser = Superuser}] ->
            case emqx_password:is_right(maps:get(<<"password_hash_algorithm">>, Authenticator), Salt, Hash, Password) of
                true -> {ok, #{is_superuser => Superuser}};
                false -> {error, bad_username_or_password}
            end
    end.

%% Users of a file: `Type` is <<"plain">> (passwords) or <<"hash">>, the file's name says whether it is .csv or .json.
%% Those that are known are overwritten.
-spec import(authenticator(), binary(), binary(), binary()) -> {ok, map()} | {error, term()}.
import(Authenticator, Type, Name, Content) ->
    import(Authenticator, Type, Name, Content, true).

%% What EMQX does at each start, and when an authenticator is put: users that are known stay as they are.
-spec bootstrap(authenticator(), fun((string(), [term()]) -> ok)) -> ok.
bootstrap(#{<<"bootstrap_file">> := Path, <<"bootstrap_type">> := Type} = Authenticator, Warn) when Path =/= <<>> ->
    case file:read_file(Path) of
        {ok, Content} ->
            case import(Authenticator, Type, Path, Content, false) of
                {ok, _} -> ok;
                {error, Reason} -> Warn("msg: parse_authn_users_failed, filename: ~ts, reason: ~0p", [Path, Reason])
            end;
        {error, Reason} ->
            Warn("msg: boostrap_authn_built_in_database_failed, boostrap_file: ~ts, reason: ~ts",
                 [Path, file:format_error(Reason)])
    end;
bootstrap(_, _) ->
    ok.

import(#{<<"group">> := Group, <<"password_hash_algorithm">> := Algorithm}, Type, Name, Content, Override) ->
    try [imported(User, Type, Group, Algorithm) || User <- parse(filename:extension(Name), Content)] of
        [] ->
            {error, empty_users};
        Users ->
            {atomic, Outcomes} = mnesia:transaction(fun() -> [insert(User, Override) || User <- Users] end),
            Count = fun(Outcome) -> length([O || O <- Outcomes, O =:= Outcome]) end,
            {ok, #{total => length(Users), success => Count(success), override => Count(override),
                   skipped => Count(skipped), failed => Count(failed)}}
    catch
        error:Reason -> {error, Reason}
    end.

insert(#emqx_user{key = {_, Id} = Key} = User, Override) ->
    case mnesia:read(emqx_user, Key, write) of
        [] ->
            ok = mnesia:write(User),
            success;
        [User] ->
            skipped;
        [_] when Override ->
            ok = mnesia:write(User),
            override;
        [_] ->
            logger:warning("msg: import_an_exists_userid_into_authentication_database_failed, user_id: ~ts", [Id]),
            failed
    end.

%% One by one

-spec add(authenticator(), binary(), binary(), boolean()) -> {ok, user()} | {error, already_exist}.
add(#{<<"group">> := Group, <<"password_hash_algorithm">> := Algorithm}, Id, Password, Superuser) ->
    {Hash, Salt} = emqx_password:hash(Algorithm, Password),
    User = #emqx_user{key = {Group, Id}, hash = Hash, salt = Salt, is_superuser = Superuser},
    transaction(fun() ->
        case mnesia:read(emqx_user, {Group, Id}, write) of
            [] -> ok = mnesia:write(User), {ok, told(User)};
            [_] -> {error, already_exist}
        end
    end).

%% `undefined` leaves the password or the flag as it is.
-spec change(authenticator(), binary(), undefined | binary(), undefined | boolean()) -> {ok, user()} | {error, not_found}.
change(#{<<"group">> := Group, <<"password_hash_algorithm">> := Algorithm}, Id, Password, Superuser) ->
    Hashed = [emqx_password:hash(Algorithm, Password) || Password =/= undefined],
    transaction(fun() ->
        case mnesia:read(emqx_user, {Group, Id}, write) of
            [] ->
                {error, not_found};
            [User] ->
                User1 = case Hashed of
                    [{Hash, Salt}] -> User#emqx_user{hash = Hash, salt = Salt};
                    [] -> User
                end,
                User2 = case Superuser of undefined -> User1; _ -> User1#emqx_user{is_superuser = Superuser} end,
                ok = mnesia:write(User2),
                {ok, told(User2)}
        end
    end).

-spec remove(authenticator(), binary()) -> ok | {error, not_found}.
remove(#{<<"group">> := Group}, Id) ->
    transaction(fun() ->
        case mnesia:read(emqx_user, {Group, Id}, write) of
            [] -> {error, not_found};
            [_] -> mnesia:delete(emqx_user, {Group, Id}, write)
        end
    end).

-spec find(authenticator(), binary()) -> {ok, user()} | {error, not_found}.
find(#{<<"group">> := Group}, Id) ->
    case mnesia:dirty_read(emqx_user, {Group, Id}) of
        [User] -> {ok, told(User)};
        [] -> {error, not_found}
    end.

-spec list(authenticator()) -> [user()].
list(#{<<"group">> := Group}) ->
    Users = mnesia:dirty_match_object(emqx_user, #emqx_user{key = {Group, '_'}, _ = '_'}),
    [told(User) || User <- lists:sort(Users)].

%% An authenticator that is removed takes its users along.
-spec clear(authenticator()) -> ok.
clear(#{<<"group">> := Group}) ->
    transaction(fun() ->
        Users = mnesia:match_object(emqx_user, #emqx_user{key = {Group, '_'}, _ = '_'}, write),
        lists:foreach(fun mnesia:delete_object/1, Users)
    end).

told(#emqx_user{key = {_, Id}, is_superuser = Superuser}) ->
    #{user_id => Id, is_superuser => Superuser}.

transaction(Work) ->
    {atomic, Result} = mnesia:transaction(Work),
    Result.

%% Files

parse(<<".json">>, Content) ->
    Users = jiffy:decode(Content, [return_maps]),
    true = is_list(Users),
    Users;
parse(<<".csv">>, Content) ->
    Lines = [string:trim(Line) || Line <- binary:split(Content, <<"\n">>, [global])],
    case [binary:split(Line, <<",">>, [global]) || Line <- Lines, Line =/= <<>>] of
        [] -> [];
        [Names | Rows] -> [maps:from_list(lists:zip(Names, Row)) || Row <- Rows]
    end;
parse(Extension, _) ->
    error({unsupported_file_format, Extension}).

imported(#{<<"user_id">> := Id} = User, Type, Group, Algorithm) ->
    {Hash, Salt} = case {Type, User} of
        {<<"hash">>, #{<<"password_hash">> := Given}} -> {Given, maps:get(<<"salt">>, User, <<>>)};
        {<<"plain">>, #{<<"password">> := Password}} -> emqx_password:hash(Algorithm, Password);
        _ -> error(bad_format)
    end,
    Flag = maps:get(<<"is_superuser">>, User, false),
    #emqx_user{key = {Group, Id}, hash = Hash, salt = Salt, is_superuser = Flag =:= true orelse Flag =:= <<"true">>};
imported(_, _, _, _) ->
    error(bad_format).
