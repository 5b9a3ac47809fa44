%% SIGTERM ends the broker in order.
-module(emqx_signals).
-behaviour(gen_event).
-export([install/0]).
-export([init/1, handle_event/2, handle_call/2, handle_info/2]).

-spec install() -> ok.
install() ->
    gen_event:swap_handler(erl_signal_server, {erl_signal_handler, []}, {?MODULE, []}).

init(_) -> {ok, none}.

handle_event(sigterm, State) ->
    _ = spawn(fun emqx_node:stop/0),
    {ok, State};
handle_event(_, State) ->
    {ok, State}.

handle_call(_, State) -> {ok, ok, State}.

handle_info(_, State) -> {ok, State}.
