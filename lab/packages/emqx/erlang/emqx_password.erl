%% Hashes of passwords, as the built-in database of users keeps them.
-module(emqx_password).
-export([hash/2, is_right/4, is_supported/1]).

%% `name` and what belongs to it: `salt_position` of the simple ones; `mac_fun`, `iterations` and `dk_length` of pbkdf2.
-type algorithm() :: #{binary() => term()}.
-export_type([algorithm/0]).

%% bcrypt is not in Erlang's own libraries: nobody gets in by it here.
-spec is_supported(algorithm()) -> boolean().
is_supported(#{<<"name">> := Name}) -> Name =/= <<"bcrypt">>.

%% {Hash, Salt} of a new password.
-spec hash(algorithm(), binary()) -> {binary(), binary()}.
hash(Algorithm, Password) ->
    Salt = case Algorithm of
        #{<<"name">> := <<"plain">>} -> <<>>;
        #{<<"salt_position">> := <<"disable">>} -> <<>>;
        _ -> hex(crypto:strong_rand_bytes(16))
    end,
    {hashed(Algorithm, Salt, Password), Salt}.

-spec is_right(algorithm(), binary(), binary(), binary()) -> boolean().
is_right(#{<<"name">> := <<"bcrypt">>}, _, _, _) ->
    false;
is_right(Algorithm, Salt, Hash, Password) ->
    Found = hashed(Algorithm, Salt, Password),
    byte_size(Found) =:= byte_size(Hash) andalso crypto:hash_equals(Found, Hash).

hashed(#{<<"name">> := <<"pbkdf2">>, <<"mac_fun">> := Mac, <<"iterations">> := Iterations} = Algorithm, Salt, Password) ->
    Function = binary_to_existing_atom(Mac),
    #{size := Size} = crypto:hash_info(Function),
    Length = maps:get(<<"dk_length">>, Algorithm, Size),
    hex(crypto:pbkdf2_hmac(Function, Password, Salt, Iterations, Length));
hashed(#{<<"name">> := Name, <<"salt_position">> := Position}, Salt, Password) ->
    Salted = case Position of
        <<"disable">> -> Password;
        <<"prefix">> -> <<Salt/binary, Password/binary>>;
        <<"suffix">> -> <<Password/binary, Salt/binary>>
    end,
    case Name of
        <<"plain">> -> Salted;
        _ -> hex(crypto:hash(binary_to_existing_atom(Name), Salted))
    end.

hex(Bytes) -> string:lowercase(binary:encode_hex(Bytes)).
