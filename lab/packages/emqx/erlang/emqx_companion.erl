%% The program beside the broker, emqx_standin's: it reads the configuration and answers HTTP. It is told what happens
%% here by lines of JSON on its standard input, and asks over the control socket.
-module(emqx_companion).
-export([start_link/1, tell/1]).

%% Started from its command line; ends the broker when it ends.
-spec start_link([string()]) -> {ok, pid()}.
start_link([Program | Arguments]) ->
    Asker = self(),
    Keeper = spawn_link(fun() ->
        true = register(?MODULE, self()),
        Port = open_port({spawn_executable, Program}, [{args, Arguments}, binary, exit_status]),
        Asker ! {self(), ready},
        loop(Port)
    end),
    receive {Keeper, ready} -> {ok, Keeper} end.

%% Of something that happened.
-spec tell(map()) -> ok.
tell(Event) ->
    ?MODULE ! {tell, Event},
    ok.

loop(Port) ->
    receive
        {tell, Event} ->
            true = port_command(Port, [jiffy:encode(Event), $\n]),
            loop(Port);
        {Port, {exit_status, Status}} ->
            logger:critical("the broker's companion ended with ~b", [Status]),
            halt(1);
        {Port, {data, _}} ->
            loop(Port)
    end.
