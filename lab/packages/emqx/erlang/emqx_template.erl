%% Texts with placeholders such as ${username}.
-module(emqx_template).
-export([parse/2, is_constant/1, render/2, render_strictly/2]).

-type template() :: [binary() | {variable, [binary()]}].
-export_type([template/0]).

%% A placeholder that is not among the allowed ones stands for itself; an allowed one that ends with a dot allows all
%% names behind it.
-spec parse(binary(), [binary()]) -> template().
parse(Text, Allowed) ->
    Parts = re:split(Text, "(\\$\\{[^}]*\\})", [{return, binary}]),
    [part(Part, Allowed) || Part <- Parts, Part =/= <<>>].

-spec is_constant(template()) -> boolean().
is_constant(Template) -> lists:all(fun is_binary/1, Template).

%% What has no value is left out.
-spec render(template(), map()) -> binary().
render(Template, Values) ->
    iolist_to_binary([case value(Part, Values) of undefined -> <<>>; Text -> Text end || Part <- Template]).

%% `undefined` when one of the placeholders has no value.
-spec render_strictly(template(), map()) -> binary() | undefined.
render_strictly(Template, Values) ->
    Rendered = [value(Part, Values) || Part <- Template],
    case lists:member(undefined, Rendered) of
        true -> undefined;
        false -> iolist_to_binary(Rendered)
    end.

part(<<"${$}">>, _) ->
    <<"$">>;
part(<<"${", Rest/binary>> = Text, Allowed) ->
    Name = binary:part(Rest, 0, byte_size(Rest) - 1),
    case lists:any(fun(One) -> allows(One, Name) end, Allowed) of
        true -> {variable, binary:split(Name, <<".">>, [global])};
        false -> Text
    end;
part(Text, _) ->
    Text.

allows(Allowed, Name) ->
    case binary:last(Allowed) of
        $. -> binary:longest_common_prefix([Allowed, Name]) =:= byte_size(Allowed);
        _ -> Allowed =:= Name
    end.

value({variable, Path}, Values) -> text(lists:foldl(fun member/2, Values, Path));
value(Text, _) -> Text.

member(Key, Values) when is_map(Values) -> maps:get(Key, Values, undefined);
member(_, _) -> undefined.

text(undefined) -> undefined;
text(Value) when is_binary(Value) -> Value;
text(Value) when is_integer(Value) -> integer_to_binary(Value);
text(Value) when is_atom(Value) -> atom_to_binary(Value);
text(_) -> undefined.
