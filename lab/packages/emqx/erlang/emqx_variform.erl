%% Evaluates expressions that emqx_standin has compiled, over facts of a client.
-module(emqx_variform).
-export([render/2]).

-define(IS_EMPTY(Value), (Value =:= <<>> orelse Value =:= undefined)).

%% A text; an error when a fact that the expression names is none of a client, or a function cannot be applied.
-spec render(term(), #{binary() => term()}) -> {ok, binary()} | {error, term()}.
render(Form, Facts) ->
    try text(value(Form, Facts)) of
        Text when is_binary(Text) -> {ok, Text};
        _ -> {error, no_text}
    catch
        throw:Reason -> {error, Reason};
        error:Reason -> {error, Reason}
    end.

value([<<"text">>, Text], _) -> Text;
value([<<"number">>, Number], _) -> Number;
value([<<"array">>, Items], Facts) -> [value(Item, Facts) || Item <- Items];
value([<<"fact">>, Path], Facts) -> fact(Path, Facts);
value([<<"call">>, <<"coalesce">>, [[<<"array">>, Items]]], Facts) -> first(Items, Facts);
value([<<"call">>, <<"coalesce">>, [Item]], Facts) ->
    case tried(Item, Facts) of
        <<>> -> <<>>;
        Values when is_list(Values) -> hd([Value || Value <- Values, not ?IS_EMPTY(Value)] ++ [<<>>])
    end;
value([<<"call">>, <<"coalesce">>, Items], Facts) -> first(Items, Facts);
value([<<"call">>, <<"is_empty">>, [Item]], Facts) -> ?IS_EMPTY(first([Item], Facts));
value([<<"call">>, <<"iif">>, [Condition, Then, Else]], Facts) ->
    case tried(Condition, Facts) of
        false -> value(Else, Facts);
        Value when ?IS_EMPTY(Value) -> value(Else, Facts);
        _ -> value(Then, Facts)
    end;
value([<<"call">>, Name, Items], Facts) -> call(Name, [value(Item, Facts) || Item <- Items]);
value(Boolean, _) when is_boolean(Boolean) -> atom_to_binary(Boolean).

fact([Key | Path], Facts) ->
    case Facts of
        #{Key := Value} when Path =:= [] -> case ?IS_EMPTY(Value) of true -> <<>>; false -> Value end;
        #{Key := Value} when is_map(Value) -> fact(Path, Value);
        _ -> throw({var_unbound, Key})
    end.

first([], _) ->
    <<>>;
first([Item | Items], Facts) ->
    case tried(Item, Facts) of
        Value when ?IS_EMPTY(Value) -> first(Items, Facts);
        Value -> Value
    end.

tried(Form, Facts) ->
    try value(Form, Facts) catch throw:{var_unbound, _} -> <<>> end.

call(<<"concat">>, [Items]) when is_list(Items) -> iolist_to_binary([text(Item) || Item <- Items]);
call(<<"concat">>, [One, Other]) -> call(<<"concat">>, [[One, Other]]);
call(<<"join_to_string">>, [Items]) -> call(<<"join_to_string">>, [<<", ">>, Items]);
call(<<"join_to_string">>, [Separator, Items]) -> iolist_to_binary(lists:join(Separator, [text(Item) || Item <- Items]));
call(<<"lower">>, [Text]) -> string:lowercase(Text);
call(<<"upper">>, [Text]) -> string:uppercase(Text);
call(<<"trim">>, [Text]) -> string:trim(Text);
call(<<"strlen">>, [Text]) -> string:length(Text);
call(<<"substr">>, [Text, Start]) -> string:slice(Text, Start);
call(<<"substr">>, [Text, Start, Length]) -> string:slice(Text, Start, Length);
call(<<"replace">>, [Text, From, To]) -> iolist_to_binary(string:replace(Text, From, To, all));
call(<<"split">>, [Text, Separator]) -> [Part || Part <- binary:split(Text, Separator, [global]), Part =/= <<>>];
call(<<"tokens">>, [Text, Separators]) ->
    [list_to_binary(Part) || Part <- string:lexemes(binary_to_list(Text), binary_to_list(Separators))];
call(<<"rm_prefix">>, [Text, Prefix]) ->
    case string:prefix(Text, Prefix) of nomatch -> Text; Rest -> Rest end;
call(<<"nth">>, [Number, Items]) when is_binary(Number) -> call(<<"nth">>, [binary_to_integer(Number), Items]);
call(<<"nth">>, [Number, Items]) when length(Items) < Number -> <<>>;
call(<<"nth">>, [Number, Items]) -> lists:nth(Number, Items);
call(<<"regex_match">>, [Text, Pattern]) -> re:run(Text, Pattern, [{capture, none}]) =:= match;
call(<<"regex_replace">>, [Text, Pattern, To]) -> re:replace(Text, Pattern, To, [global, {return, binary}]);
call(<<"regex_extract">>, [Text, Pattern]) ->
    case re:run(Text, Pattern, [{capture, all_but_first, binary}]) of {match, Groups} -> Groups; nomatch -> [] end;
call(<<"str_eq">>, [One, Other]) -> text(One) =:= text(Other);
call(<<"str_neq">>, [One, Other]) -> text(One) =/= text(Other);
call(<<"not">>, [Value]) when is_boolean(Value) -> not Value.

text(undefined) -> <<>>;
text(Value) when is_binary(Value) -> Value;
text(Value) when is_integer(Value) -> integer_to_binary(Value);
text(Value) when is_atom(Value) -> atom_to_binary(Value);
text(Value) -> Value.
