%% How many there may be in a time: a bucket that fills up again.
-module(emqx_rate).
-export([new/0, take/2]).

-opaque bucket() :: atomics:atomics_ref().
-export_type([bucket/0]).

-spec new() -> bucket().
new() ->
    atomics:new(2, []).

%% Whether there is one left of so many in so many milliseconds.
-spec take(bucket(), infinity | {pos_integer(), pos_integer()}) -> boolean().
take(_, infinity) ->
    true;
take(Bucket, {Number, Milliseconds}) ->
    Now = erlang:monotonic_time(millisecond) div Milliseconds,
    case atomics:exchange(Bucket, 1, Now) of
        Now -> ok;
        _ -> atomics:put(Bucket, 2, 0)
    end,
    atomics:add_get(Bucket, 2, 1) =< Number.
