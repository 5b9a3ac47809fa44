%% Authentication by a server that is asked over HTTP.
-module(emqx_http_authn).
-export([prepare/1, authenticate/2]).

-define(VARIABLES, [<<"username">>, <<"clientid">>, <<"password">>, <<"peerhost">>, <<"cert_subject">>,
                    <<"cert_common_name">>, <<"cert_pem">>, <<"zone">>, <<"client_attrs.">>]).
-define(JSON, <<"application/json">>).
-define(FORM, <<"application/x-www-form-urlencoded">>).

-spec prepare(map()) -> {ok, emqx_authn:authenticator()} | {error, term()}.
prepare(#{<<"method">> := Method, <<"url">> := Url, <<"headers">> := Headers, <<"body">> := Body} = Settings) ->
    %% Placeholders make it no URL yet.
    case re:run(Url, "^(https?://[^/?#@]+)([^?#]*)(?:\\?([^#]*))?$", [{capture, all_but_first, binary}]) of
        {match, [Base, Path | Query]} ->
            {ok, {?MODULE, #{
                method => binary_to_existing_atom(Method),
                base => Base,
                path => template(Path),
                query => [{Name, template(Value)} || {Name, Value} <- parameters(iolist_to_binary(Query))],
                headers => [{binary_to_list(Name), template(Value)} || {Name, Value} <- maps:to_list(Headers)],
                content_type => maps:get(<<"content-type">>, Headers, ?JSON),
                body => templates(Body),
                timeout => maps:get(<<"request_timeout_ms">>, Settings),
                connect_timeout => maps:get(<<"connect_timeout_ms">>, Settings)
            }}};
        nomatch ->
            {error, {invalid_url, Url}}
    end.

parameters(Query) ->
    [case binary:split(One, <<"=">>) of [Name, Value] -> {Name, Value}; [Name] -> {Name, <<>>} end
     || One <- binary:split(Query, <<"&">>, [global]), One =/= <<>>].

-spec authenticate(emqx_identity:client(), map()) ->
    ignore | {ok, map()} | {error, not_authorized | bad_username_or_password}.
authenticate(#{auth_method := true}, _) ->
    ignore;
authenticate(Client, #{method := Method, timeout := Timeout, connect_timeout := ConnectTimeout} = Server) ->
    Values = (emqx_identity:variables(Client))#{<<"password">> => maps:get(password, Client)},
    Options = [{timeout, Timeout}, {connect_timeout, ConnectTimeout}, {autoredirect, false}],
    case httpc:request(Method, request(Values, Server), Options, [{body_format, binary}]) of
        {ok, {{_, 204, _}, _, _}} -> {ok, #{is_superuser => false}};
        {ok, {{_, 200, _}, Headers, Body}} -> answered(proplists:get_value("content-type", Headers, ""), Body);
        {ok, _} -> ignore;
        {error, _} -> ignore
    end.

request(Values, #{method := Method, base := Base, path := Path, query := Query, headers := Headers, body := Body} = Server) ->
    Told = [{Name, emqx_template:render(Value, Values)} || {Name, Value} <- Query],
    Fields = [{Name, binary_to_list(emqx_template:render(Value, Values))} || {Name, Value} <- Headers,
                                                                            Name =/= "content-type"],
    Encoded = maps:map(fun(_, Value) -> encoded(Value) end, Values),
    To = fun(Asked) -> binary_to_list(iolist_to_binary([Base, emqx_template:render(Path, Encoded), asked(Asked)])) end,
    case {Method, maps:get(content_type, Server)} of
        {get, _} -> {To(Told ++ maps:to_list(filled(Body, Values))), Fields};
        {post, ?FORM} -> {To(Told), Fields, binary_to_list(?FORM), form(maps:to_list(filled(Body, Values)))};
        {post, Type} -> {To(Told), Fields, binary_to_list(Type), jiffy:encode(filled(Body, Values))}
    end.

asked([]) -> <<>>;
asked(Query) -> [$?, form(Query)].

form(Fields) -> iolist_to_binary(uri_string:compose_query(Fields)).

encoded(Value) when is_binary(Value) -> uri_string:quote(Value);
encoded(Value) -> Value.

answered(Type, Body) ->
    try parse(Type, Body) of
        #{<<"result">> := <<"allow">>} = Answer -> allowed(Answer);
        #{<<"result">> := <<"deny">>} -> {error, not_authorized};
        _ -> ignore
    catch
        _:_ -> ignore
    end.

parse("application/json" ++ _, Body) -> jiffy:decode(Body, [return_maps]);
parse("application/x-www-form-urlencoded" ++ _, Body) -> maps:from_list(uri_string:dissect_query(Body)).

allowed(#{<<"expire_at">> := Expires} = Answer) ->
    case is_integer(Expires) andalso Expires >= erlang:system_time(second) of
        true -> emqx_authn:told(Answer, <<"acl">>, Expires, true);
        false -> {error, bad_username_or_password}
    end;
allowed(Answer) ->
    emqx_authn:told(Answer, <<"acl">>, undefined, false).

%% Texts with placeholders, in a body of any depth

template(Text) -> emqx_template:parse(Text, ?VARIABLES).

templates(Map) when is_map(Map) -> maps:map(fun(_, Value) -> templates(Value) end, Map);
templates(List) when is_list(List) -> {list, [templates(One) || One <- List]};
templates(Text) when is_binary(Text) -> {text, template(Text)};
templates(Other) -> {value, Other}.

filled(Map, Values) when is_map(Map) -> maps:map(fun(_, Value) -> filled(Value, Values) end, Map);
filled({list, List}, Values) -> [filled(One, Values) || One <- List];
filled({text, Template}, Values) -> emqx_template:render(Template, Values);
filled({value, Value}, _) -> Value.
