%% Rules of who may do what with which topics, as acl.conf has them, and their judgement.
-module(emqx_authz).
-export([read/1, check/1, compile/1, from_claims/2, judge/4]).

-type action() :: #{action := publish | subscribe, qos := 0..2, retain => boolean()}.
-type rule() :: {allow | deny, term(), term(), [topic()]}.
-type topic() :: all | {eq | filter, emqx_topic:words()} | {template, emqx_template:template()}.
-export_type([action/0, rule/0]).

-define(VARIABLES, [<<"username">>, <<"clientid">>, <<"cert_common_name">>, <<"zone">>, <<"client_attrs.">>]).

%% The rules of a file of Erlang terms.
-spec read(file:filename_all()) -> {ok, [rule()]} | {error, term()}.
read(Path) ->
    case file:consult(Path) of
        {ok, Terms} ->
            try
                {ok, [compile(Term) || Term <- Terms]}
            catch
                throw:Reason -> {error, Reason};
                error:Reason -> {error, {bad_acl_rule, Reason}}
            end;
        {error, Reason} when is_atom(Reason) ->
            {error, failed_to_read_acl_file};
        {error, Reason} ->
            {error, {bad_acl_file_content, Reason}}
    end.

%% For a command line: ends with 0 when the file can be read, else says why not.
-spec check([string()]) -> no_return().
check([Path]) ->
    case read(Path) of
        {ok, _} ->
            halt(0);
        {error, Reason} ->
            io:format("~0p~n", [Reason]),
            halt(1)
    end.

%% {Permission, Who, Action, Topics} or {Permission, all}; throws what is wrong with it.
-spec compile(term()) -> rule().
compile({Permission, all}) ->
    compile({Permission, all, all, all});
compile({Permission, Who, Action, Topics}) when Permission =:= allow; Permission =:= deny ->
    {Permission, who(Who), action(Action), topics(Topics)};
compile({Permission, _, _, _}) ->
    throw(#{reason => invalid_authorization_permission, value => Permission});
compile(Rule) ->
    throw(#{reason => invalid_authorization_rule, value => Rule}).

%% The rules that a token or an authentication server brings: a map of `pub`, `sub` and `all`, behind which everything
%% else is denied, or a list of rules. `undefined` for neither.
-spec from_claims(term(), undefined | integer()) -> #{rules := [rule()], expires := undefined | integer()} | undefined.
from_claims(Claims, Expires) when is_map(Claims) ->
    Rules = [compile({allow, all, Action, maps:get(Name, Claims, [])})
             || {Name, Action} <- [{<<"pub">>, publish}, {<<"sub">>, subscribe}, {<<"all">>, all}]],
    #{rules => Rules ++ [compile({deny, all})], expires => Expires};
from_claims(Claims, Expires) when is_list(Claims) ->
    #{rules => [from_claim(Claim) || Claim <- Claims], expires => Expires};
from_claims(_, _) ->
    undefined.

from_claim(#{<<"permission">> := Permission, <<"action">> := Action} = Claim) ->
    Topics = case Claim of
        #{<<"topics">> := Several} -> Several;
        #{<<"topic">> := One} -> [One]
    end,
    Options = [{qos, QoS} || #{<<"qos">> := QoS} <- [Claim]] ++ [{retain, Retain} || #{<<"retain">> := Retain} <- [Claim]],
    Named = claimed_action(Action),
    compile({claimed_permission(Permission), all, case Options of [] -> Named; _ -> {Named, Options} end, Topics});
from_claim(Claim) ->
    throw(#{reason => invalid_rule, value => Claim}).

claimed_permission(<<"allow">>) -> allow;
claimed_permission(<<"deny">>) -> deny;
claimed_permission(Other) -> throw(#{reason => invalid_permission, value => Other}).

claimed_action(Word) when Word =:= <<"pub">>; Word =:= <<"publish">> -> publish;
claimed_action(Word) when Word =:= <<"sub">>; Word =:= <<"subscribe">> -> subscribe;
claimed_action(<<"all">>) -> all;
claimed_action(Other) -> throw(#{reason => invalid_action, value => Other}).

%% What the first rule that fits says.
-spec judge(emqx_identity:client(), action(), binary(), [rule()]) -> allow | deny | nomatch.
judge(_, _, _, []) ->
    nomatch;
judge(Client, Action, Topic, [{Permission, Who, Actions, Topics} | Rules]) ->
    case fits_action(Action, Actions) andalso fits_who(Client, Who) andalso fits_topic(Client, Topic, Topics) of
        true -> Permission;
        false -> judge(Client, Action, Topic, Rules)
    end.

%% Who

who(all) -> all;
who({Kind, {re, Pattern}}) when Kind =:= user; Kind =:= username -> {matches, username, pattern(Pattern)};
who({Kind, Name}) when Kind =:= user; Kind =:= username -> {is, username, text(Name)};
who({Kind, {re, Pattern}}) when Kind =:= client; Kind =:= clientid -> {matches, client_id, pattern(Pattern)};
who({Kind, Id}) when Kind =:= client; Kind =:= clientid -> {is, client_id, text(Id)};
who({client_attr, Name, {re, Pattern}}) -> {attribute_matches, text(Name), pattern(Pattern)};
who({client_attr, Name, Value}) -> {attribute_is, text(Name), text(Value)};
who({ipaddr, Range}) -> {ipaddrs, [emqx_address:range(Range)]};
who({ipaddrs, Ranges}) -> {ipaddrs, [emqx_address:range(Range) || Range <- Ranges]};
who({'and', Several}) when is_list(Several) -> {'and', [who(One) || One <- Several]};
who({'or', Several}) when is_list(Several) -> {'or', [who(One) || One <- Several]};
who(Other) -> throw(#{reason => invalid_client_match_condition, identifier => Other}).

fits_who(_, all) -> true;
fits_who(Client, {is, Key, Value}) -> maps:get(Key, Client) =:= Value;
fits_who(Client, {matches, Key, Pattern}) -> matches(maps:get(Key, Client), Pattern);
fits_who(#{attributes := Attributes}, {attribute_is, Name, Value}) -> maps:get(Name, Attributes, undefined) =:= Value;
fits_who(#{attributes := Attributes}, {attribute_matches, Name, Pattern}) ->
    matches(maps:get(Name, Attributes, undefined), Pattern);
fits_who(#{peerhost := Address}, {ipaddrs, Ranges}) -> lists:any(fun(R) -> emqx_address:is_within(Address, R) end, Ranges);
fits_who(Client, {'and', Several}) -> lists:all(fun(One) -> fits_who(Client, One) end, Several);
fits_who(Client, {'or', Several}) -> lists:any(fun(One) -> fits_who(Client, One) end, Several).

matches(Value, Pattern) -> is_binary(Value) andalso re:run(Value, Pattern, [{capture, none}]) =:= match.

pattern(Text) ->
    {ok, Pattern} = re:compile(text(Text)),
    Pattern.

%% Action

action(Name) when Name =:= publish; Name =:= subscribe; Name =:= all ->
    {Name, [0, 1, 2], all};
action({Name, Options}) when Name =:= publish; Name =:= subscribe; Name =:= all ->
    {Name, qos(proplists:get_all_values(qos, Options)), retain(proplists:get_value(retain, Options, all))};
action(Other) ->
    throw(#{reason => invalid_authorization_action, value => Other}).

qos([]) ->
    [0, 1, 2];
qos(Given) ->
    Levels = [number(Level) || Level <- lists:flatten(Given)],
    [throw(#{reason => invalid_authorization_qos, qos => Level}) || Level <- Levels, not lists:member(Level, [0, 1, 2])],
    Levels.

number(<<Digit>>) -> Digit - $0;
number(Level) -> Level.

retain(Value) when is_boolean(Value); Value =:= all -> Value;
retain(<<"all">>) -> all;
retain(Value) when Value =:= <<"true">>; Value =:= 1 -> true;
retain(Value) when Value =:= <<"false">>; Value =:= 0 -> false;
retain(Value) -> throw(#{reason => invalid_authorization_retain, value => Value}).

fits_action(#{action := Name, qos := QoS} = Action, {Allowed, Levels, Retain}) ->
    (Allowed =:= all orelse Allowed =:= Name) andalso lists:member(QoS, Levels) andalso
        (Retain =:= all orelse Name =:= subscribe orelse maps:get(retain, Action) =:= Retain).

%% Topics

topics(all) -> [all];
topics(Topics) when is_list(Topics) -> [topic(Topic) || Topic <- Topics];
topics(Topics) -> throw(#{reason => invalid_authorization_rule, value => Topics}).

topic("eq " ++ Topic) -> topic({eq, Topic});
topic(<<"eq ", Topic/binary>>) -> topic({eq, Topic});
topic({eq, Topic}) -> {eq, emqx_topic:words(text(Topic))};
topic(Topic) ->
    Template = emqx_template:parse(text(Topic), ?VARIABLES),
    case emqx_template:is_constant(Template) of
        true -> {filter, emqx_topic:words(emqx_template:render(Template, #{}))};
        false -> {template, Template}
    end.

fits_topic(Client, Topic, Topics) ->
    Words = emqx_topic:words(Topic),
    lists:any(fun(One) -> covers(Client, Words, One) end, Topics).

covers(_, _, all) -> true;
covers(_, Words, {eq, Same}) -> Words =:= Same;
covers(_, Words, {filter, Filter}) -> emqx_topic:match(Words, Filter);
covers(Client, Words, {template, Template}) ->
    case emqx_template:render_strictly(Template, emqx_identity:variables(Client)) of
        undefined -> false;
        Filter -> emqx_topic:match(Words, emqx_topic:words(Filter))
    end.

text(Text) when is_binary(Text) -> Text;
text(Text) when is_list(Text) -> unicode:characters_to_binary(Text).
