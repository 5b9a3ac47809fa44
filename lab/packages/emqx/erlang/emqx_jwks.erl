%% The public keys that JWKS endpoints publish, fetched again and again.
-module(emqx_jwks).
-export([follow/3, keys/1]).

-define(LEAST_SECONDS, 10).
-define(TIMEOUT_MS, 5000).

%% Fetches an endpoint's keys from now on; one that is followed is told of new headers and intervals.
-spec follow(binary(), #{binary() => binary()}, pos_integer()) -> ok.
follow(Endpoint, Headers, Seconds) ->
    case persistent_term:get({?MODULE, follower, Endpoint}, undefined) of
        undefined -> ok;
        Former -> exit(Former, kill)
    end,
    Asker = self(),
    Follower = spawn(fun() ->
        fetch(Endpoint, Headers),
        Asker ! {self(), fetched},
        loop(Endpoint, Headers, max(?LEAST_SECONDS, Seconds))
    end),
    persistent_term:put({?MODULE, follower, Endpoint}, Follower),
    %% EMQX connects its resources while it starts, and not for ever.
    receive {Follower, fetched} -> ok after ?TIMEOUT_MS -> ok end.

%% Those that were fetched last; none before the endpoint has answered.
-spec keys(binary()) -> [term()].
keys(Endpoint) ->
    persistent_term:get({?MODULE, keys, Endpoint}, []).

loop(Endpoint, Headers, Seconds) ->
    timer:sleep(timer:seconds(Seconds)),
    fetch(Endpoint, Headers),
    loop(Endpoint, Headers, Seconds).

fetch(Endpoint, Headers) ->
    Fields = [{binary_to_list(Name), binary_to_list(Value)} || {Name, Value} <- maps:to_list(Headers)],
    Options = [{timeout, ?TIMEOUT_MS}, {connect_timeout, ?TIMEOUT_MS}],
    case httpc:request(get, {binary_to_list(Endpoint), Fields}, Options, [{body_format, binary}]) of
        {ok, {_, _, Body}} ->
            try jiffy:decode(Body, [return_maps]) of
                #{<<"keys">> := Keys} ->
                    persistent_term:put({?MODULE, keys, Endpoint}, [jose_jwk:from_map(Key) || Key <- Keys]);
                _ ->
                    logger:warning("msg: invalid_jwks_returned, endpoint: ~ts", [Endpoint])
            catch
                _:_ -> logger:warning("msg: invalid_jwks_returned, endpoint: ~ts", [Endpoint])
            end;
        {error, Reason} ->
            logger:warning("msg: failed_to_request_jwks_endpoint, endpoint: ~ts, reason: ~0p", [Endpoint, Reason])
    end.
