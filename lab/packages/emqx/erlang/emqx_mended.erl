%% Mends one function of ejabberd while the package is installed: misc:unique_timestamp/0 counts within a second by a
%% serial number of each node's own. Of two sessions of one client that were opened on two nodes within one second, the
%% newer then loses as often as not, where MQTT wants the older one taken over.
-module(emqx_mended).
-export([main/1]).

%% Writes a misc.beam into `Folder`, from the debug information of the one in `EjabberdFolder`.
-spec main([string()]) -> no_return().
main([EjabberdFolder, Folder]) ->
    Original = filename:join(EjabberdFolder, "misc.beam"),
    {ok, {misc, [{abstract_code, {raw_abstract_v1, Forms}}]}} = beam_lib:chunks(Original, [abstract_code]),
    {ok, misc, Beam} = compile:forms([mend(Form) || Form <- Forms], [debug_info]),
    ok = file:write_file(filename:join(Folder, "misc.beam"), Beam),
    halt(0).

mend({function, Line, unique_timestamp, 0, _}) ->
    Now = {call, Line, {remote, Line, {atom, Line, erlang}, {atom, Line, timestamp}}, []},
    {function, Line, unique_timestamp, 0, [{clause, Line, [], [], [Now]}]};
mend(Form) ->
    Form.
