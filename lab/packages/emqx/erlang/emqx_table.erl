%% Tables of the whole cluster, kept on every node's disk.
-module(emqx_table).
-export([create/2, create/3]).

-spec create(atom(), [atom()]) -> ok.
create(Name, Fields) ->
    create(Name, Fields, Name).

%% A table that exists is left as it is: a node that joins has copied it.
-spec create(atom(), [atom()], atom()) -> ok.
create(Name, Fields, Record) ->
    Options = [{disc_copies, [node()]}, {attributes, Fields}, {record_name, Record}],
    case mnesia:create_table(Name, Options) of
        {atomic, ok} -> ok;
        {aborted, {already_exists, Name}} -> ok
    end.
