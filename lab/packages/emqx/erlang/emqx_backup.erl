%% What EMQX exports of its database, by the names that its tables have there. What this broker does not have is empty.
-module(emqx_backup).
-export([tables/0, dump/2, restore/2]).

-define(INDIVIDUALS, [clientid, username, peerhost]).

-spec tables() -> [#{name := atom(), set := binary()}].
tables() ->
    [#{name => Name, set => Set} || {Name, Set, _, _} <- known()].

known() ->
    [
        {emqx_banned_rules, <<"banned">>, emqx_banned, fun(Ban) -> not is_individual(Ban) end},
        {emqx_banned, <<"banned">>, emqx_banned, fun is_individual/1},
        {emqx_authn_mnesia, <<"builtin_authn">>, emqx_user, fun all/1},
        {emqx_authn_scram_mnesia, <<"builtin_authn">>, none, fun all/1},
        {emqx_acl, <<"builtin_authz">>, none, fun all/1},
        {emqx_admin, <<"dashboard_users">>, emqx_admin, fun all/1},
        {emqx_app, <<"api_keys">>, emqx_api_key, fun all/1},
        {emqx_psk, <<"psk">>, none, fun all/1},
        {emqx_retainer_message, <<"builtin_retainer">>, emqx_retained, fun all/1}
    ].

is_individual(Ban) -> lists:member(element(1, element(2, Ban)), ?INDIVIDUALS).

all(_) -> true.

-spec dump(atom(), file:filename()) -> ok | {error, term()}.
dump(Name, Path) ->
    {Name, _, Table, Belongs} = lists:keyfind(Name, 1, known()),
    Records = case Table of
        none -> [];
        _ -> lists:filter(Belongs, mnesia:dirty_select(Table, [{'_', [], ['$_']}]))
    end,
    file:write_file(Path, term_to_binary({Name, fields(Table), Records})).

%% Records are added to those that are there, and overwrite those of the same key.
-spec restore(atom(), file:filename()) -> ok | {error, term()}.
restore(Name, Path) ->
    {Name, _, Table, _} = lists:keyfind(Name, 1, known()),
    Fields = fields(Table),
    {ok, Content} = file:read_file(Path),
    try binary_to_term(Content) of
        {Name, Fields, []} ->
            ok;
        {Name, Fields, Records} ->
            {atomic, ok} = mnesia:transaction(fun() -> lists:foreach(fun mnesia:write/1, Records) end),
            emqx_retained:learn();
        _ ->
            {error, different_table_schema}
    catch
        error:badarg -> {error, not_a_log_file}
    end.

fields(none) -> [];
fields(Table) -> mnesia:table_info(Table, attributes).
