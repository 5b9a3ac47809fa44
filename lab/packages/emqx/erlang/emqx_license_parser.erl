%% What a licence key says. It is read as EMQX reads it, with another public key: nobody but EMQX can sign for its own.
-module(emqx_license_parser).
-export([parse/1]).
%% Called by emqx_standin, in a machine of its own.
-export([main/1]).

-type licence() :: #{
    type := 0..2, customer_type := non_neg_integer(), customer := binary(), email := binary(), deployment := binary(),
    start := calendar:date(), ends := calendar:date(), max_sessions := pos_integer()
}.
-export_type([licence/0]).

-define(PUBLIC_KEY, "/usr/lib/emqx/licence-public-key.pem").
-define(COMMUNITY, 2).
-define(BUSINESS_CRITICAL, 3).
-define(EVALUATION, 10).
-define(COMMUNITYS, 10000000).
-define(FEW, 25).
-define(FIRST_DAY, 20211101).

-spec parse(binary()) -> {ok, licence()} | {error, term()}.
parse(<<"default">>) ->
    {ok, (own())#{type := ?COMMUNITY, customer_type := 11, max_sessions := ?COMMUNITYS, customer := <<"Developer">>}};
parse(<<"evaluation">>) ->
    {ok, (own())#{type := 0, customer_type := ?EVALUATION, max_sessions := ?FEW, customer := <<"Evaluation">>}};
parse(<<"file://", Path/binary>>) ->
    case file:read_file(Path) of
        {ok, Content} ->
            case parse(Content) of
                {error, Reason} -> {error, Reason#{license_file => Path}};
                Parsed -> Parsed
            end;
        {error, Reason} ->
            {error, #{license_file => Path, read_error => Reason}}
    end;
parse(Key) ->
    try
        [Payload, Signature] = [base64:decode(Part) || Part <- binary:split(without_breaks(Key), <<".">>)],
        case public_key:verify(Payload, sha256, Signature, public_key()) of
            true -> read([string:trim(Line) || Line <- string:split(string:trim(Payload), <<"\n">>, all)]);
            false -> wrong(invalid_signature)
        end
    catch
        throw:Reason -> wrong(Reason);
        error:_ -> wrong(bad_license_format)
    end.

wrong(Reason) -> {error, #{parse_results => [#{error => Reason, module => emqx_license_parser_v20220101}]}}.

%% Those that EMQX has in itself.
own() ->
    #{type => 0, customer_type => 0, customer => <<>>, email => <<"contact@emqx.io">>, deployment => <<"lab">>,
      start => {2025, 3, 2}, ends => {2029, 3, 1}, max_sessions => ?FEW}.

without_breaks(Key) -> << <<C>> || <<C>> <= Key, C =/= $\s, C =/= $\n, C =/= $\r >>.

public_key() ->
    {ok, Text} = file:read_file(?PUBLIC_KEY),
    [Entry] = public_key:pem_decode(Text),
    public_key:pem_entry_decode(Entry).

read([<<"220111">>, Type, CustomerType, Customer, Email, Deployment, Start, Days, Sessions | _]) ->
    Kind = number(Type, invalid_license_type),
    Kind =< ?COMMUNITY orelse throw(#{type => invalid_license_type}),
    Whose = number(CustomerType, invalid_customer_type),
    Begins = day(number(Start, invalid_date)),
    Length = number(Days, invalid_int_value),
    Length > 0 orelse throw(#{days => invalid_int_value}),
    {ok, #{
        type => Kind,
        customer_type => Whose,
        customer => Customer,
        email => Email,
        deployment => Deployment,
        start => Begins,
        ends => calendar:gregorian_days_to_date(calendar:date_to_gregorian_days(Begins) + Length),
        max_sessions => sessions(number(Sessions, invalid_connection_limit), Kind, Whose)
    }};
read([_, _, _, _, _, _, _, _, _ | _]) ->
    throw(invalid_version);
read(_) ->
    throw(unexpected_number_of_fields).

%% Where the key says 0. EMQX takes such a key of any other customer, and fails at the first client.
sessions(0, ?COMMUNITY, _) -> ?COMMUNITYS;
sessions(0, _, Whose) when Whose =:= ?BUSINESS_CRITICAL; Whose =:= ?EVALUATION -> ?FEW;
sessions(0, _, _) -> throw(#{max_sessions => invalid_connection_limit});
sessions(Number, _, _) -> Number.

day(Number) when Number >= ?FIRST_DAY ->
    Day = {Number div 10000, Number rem 10000 div 100, Number rem 100},
    calendar:valid_date(Day) orelse throw(#{date_start => invalid_date}),
    Day;
day(_) ->
    throw(#{date_start => invalid_date}).

number(Text, Otherwise) ->
    case string:to_integer(iolist_to_binary(string:replace(Text, ",", "", all))) of
        {Number, <<>>} when Number >= 0 -> Number;
        _ -> throw(Otherwise)
    end.

%% Ends with 0 where a node can start with the key, as far as the key goes.
-spec main([string()]) -> no_return().
main([Key]) ->
    case parse(unicode:characters_to_binary(Key)) of
        {ok, _} ->
            halt(0);
        {error, Reason} ->
            io:format(standard_error, "Error reading license: ~p~n", [Reason]),
            halt(1)
    end.
