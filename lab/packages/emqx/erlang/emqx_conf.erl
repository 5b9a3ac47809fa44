%% Changes of the configuration that reach the whole cluster. Each has a number; a node that was away takes over what
%% another one has at its next start.
-module(emqx_conf).
-behaviour(gen_server).
-export([start_link/1, create_table/0, commit/1, applied/2, started/1, overrides/0, position/0]).
-export([init/1, handle_call/3, handle_cast/2]).
%% Called on other nodes.
-export([carry_out/2, told/0, reached/0]).

-record(emqx_commit, {number :: non_neg_integer(), change :: map()}).

-define(APPLY_MS, 30000).
-define(ASK_MS, 5000).

-spec start_link(map()) -> {ok, pid()}.
start_link(Boot) ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, Boot, []).

-spec create_table() -> ok.
create_table() ->
    emqx_table:create(emqx_commit, record_info(fields, emqx_commit)).

%% Has each running node carry a change out, this one first; when this one cannot, none is asked. What each answered.
-spec commit(map()) -> {ok, [{node(), term()}]} | {error, term()}.
commit(Change) ->
    {atomic, Number} = mnesia:transaction(fun() ->
        Next = last() + 1,
        ok = mnesia:write(#emqx_commit{number = Next, change = Change}),
        Next
    end),
    case carry_out(Number, Change) of
        ok ->
            {Running, _} = emqx_cluster:status(),
            Others = Running -- [node()],
            {ok, [{node(), ok} | lists:zip(Others, erpc:multicall(Others, ?MODULE, carry_out, [Number, Change], ?APPLY_MS))]};
        {error, Reason} ->
            {atomic, ok} = mnesia:transaction(fun() -> mnesia:delete({emqx_commit, Number}) end),
            {error, Reason}
    end.

last() ->
    case mnesia:all_keys(emqx_commit) of
        [] -> 0;
        Numbers -> lists:max(Numbers)
    end.

%% On this node, by its companion.
-spec carry_out(pos_integer(), map()) -> ok | {error, term()}.
carry_out(Number, Change) ->
    gen_server:call(?MODULE, {carry_out, Number, Change}, ?APPLY_MS).

%% The companion's answer: ok, or what was wrong.
-spec applied(pos_integer(), ok | {error, term()}) -> ok.
applied(Number, Outcome) ->
    gen_server:cast(?MODULE, {applied, Number, Outcome}).

%% This node begins with everything up to a number.
-spec started(non_neg_integer()) -> ok.
started(Number) ->
    gen_server:cast(?MODULE, {started, Number}).

%% What the companions of the cluster's other nodes begin with, best first; for a node that starts.
-spec overrides() -> [map()].
overrides() ->
    {Running, _} = emqx_cluster:status(),
    Others = Running -- [node()],
    Answers = [Told || {ok, {ok, Told}} <- erpc:multicall(Others, ?MODULE, told, [], ?ASK_MS)],
    lists:sort(fun(#{number := A, age := Older}, #{number := B, age := Younger}) -> {A, Older} >= {B, Younger} end, Answers).

%% The last change on each running node.
-spec position() -> [{node(), non_neg_integer()}].
position() ->
    {Running, _} = emqx_cluster:status(),
    Answers = erpc:multicall(Running, ?MODULE, reached, [], ?ASK_MS),
    [{Node, Number} || {Node, {ok, Number}} <- lists:zip(Running, Answers)].

-spec reached() -> non_neg_integer().
reached() ->
    gen_server:call(?MODULE, number).

%% What a node that starts takes over: the layers that changes go to, and the files in the data folder that they name.
-spec told() -> {ok, map()} | starting.
told() ->
    case emqx_node:state() of
        running ->
            {Age, _} = erlang:statistics(wall_clock),
            {ok, #{node => node(), number => reached(), age => Age, files => gen_server:call(?MODULE, files)}};
        _ ->
            starting
    end.

init(#{<<"etc_folder">> := Etc, <<"data_folder">> := Data}) ->
    {ok, #{number => 0, waiting => #{}, etc => Etc, data => Data}}.

handle_call(number, _, #{number := Number} = State) ->
    {reply, Number, State};
handle_call(files, _, #{etc := Etc, data := Data} = State) ->
    Folders = [filename:join(Data, Name) || Name <- ["authz", "certs"]],
    Found = lists:flatmap(fun(F) -> filelib:fold_files(F, "", true, fun(Path, Paths) -> [Path | Paths] end, []) end, Folders),
    Relative = fun(Path) -> iolist_to_binary(string:replace(Path, [Data, "/"], "", leading)) end,
    {reply, #{
        base => text(filename:join(Etc, "base.hocon")),
        cluster => text(filename:join([Data, "configs", "cluster.hocon"])),
        data => maps:from_list([{Relative(Path), base64:encode(text(Path))} || Path <- Found])
    }, State};
handle_call({carry_out, Number, Change}, From, #{waiting := Waiting} = State) ->
    ok = emqx_companion:tell(#{event => commit, number => Number, change => Change}),
    {noreply, State#{waiting := Waiting#{Number => From}}}.

handle_cast({started, Number}, State) ->
    {noreply, State#{number := Number}};
handle_cast({applied, Number, Outcome}, #{number := Before, waiting := Waiting} = State) ->
    [gen_server:reply(From, Outcome) || #{Number := From} <- [Waiting]],
    Reached = case Outcome of ok -> max(Before, Number); _ -> Before end,
    {noreply, State#{number := Reached, waiting := maps:remove(Number, Waiting)}}.

text(Path) ->
    case file:read_file(Path) of
        {ok, Text} -> Text;
        {error, _} -> <<>>
    end.
