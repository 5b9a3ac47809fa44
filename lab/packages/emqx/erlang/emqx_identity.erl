%% Who a client is: by its CONNECT packet, its certificate and the zone of its listener, and by what is learned of it
%% when it is let in.
-module(emqx_identity).
-export([find/3, learn/2, variables/1]).

-type client() :: #{
    client_id := binary(),
    username := binary() | undefined,
    password => binary() | undefined,
    peerhost := inet:ip_address(),
    common_name := binary() | undefined,
    %% MQTT 5's own authentication was asked for.
    auth_method := boolean(),
    listener := binary(),
    zone := binary(),
    is_superuser := boolean(),
    attributes := #{binary() => binary()},
    %% Rules that the client brings along, and when its right to be here ends, in milliseconds of the epoch.
    acl => #{rules := [emqx_authz:rule()], expires := undefined | number()},
    expire_at => integer()
}.
-export_type([client/0]).

-define(INVALID_CLIENT_ID, 16#85).

-spec find(emqx_packet:connect(), emqx_connection:origin(), binary()) -> {ok, client()} | {error, byte()}.
find(Connect, #{peer := {Host, _}} = Origin, Listener) ->
    {Zone, Settings} = emqx_policy:zone(Listener),
    CommonName = maps:get(common_name, Origin, undefined),
    Username = certified(<<"peer_cert_as_username">>, CommonName, Settings, maps:get(username, Connect)),
    case is_valid(Connect, Settings) andalso name(Connect, Username, CommonName, Settings) of
        ClientId when is_binary(ClientId) ->
            Client = #{
                client_id => ClientId,
                username => Username,
                password => maps:get(password, Connect),
                peerhost => Host,
                common_name => CommonName,
                auth_method => lists:keymember(16#15, 1, maps:get(properties, Connect)),
                listener => Listener,
                zone => Zone,
                is_superuser => false,
                attributes => #{}
            },
            {ok, rename(with_attributes(Client, Connect, Settings), Settings)};
        false ->
            {error, ?INVALID_CLIENT_ID}
    end.

is_valid(#{version := Version, client_id := Given, clean_start := CleanStart}, Settings) ->
    byte_size(Given) =< maps:get(<<"max_clientid_len">>, Settings) andalso
        (Given =/= <<>> orelse Version =:= 5 orelse (Version =:= 4 andalso CleanStart)).

name(#{client_id := Given}, Username, CommonName, #{<<"use_username_as_clientid">> := ByUsername} = Settings) ->
    case {ByUsername andalso Username, certified(<<"peer_cert_as_clientid">>, CommonName, Settings, Given)} of
        {<<>>, _} -> false;
        {Name, _} when is_binary(Name) -> Name;
        {_, <<>>} -> random_id();
        {_, Name} -> Name
    end.

certified(Setting, CommonName, Settings, Other) ->
    case maps:get(Setting, Settings) of
        <<"cn">> when CommonName =/= undefined -> CommonName;
        _ -> Other
    end.

random_id() ->
    <<"emqx_", (binary:encode_hex(crypto:strong_rand_bytes(8)))/binary>>.

%% What cannot be told of a client it does not get.
with_attributes(Client, Connect, #{<<"client_attributes">> := Wanted}) ->
    Facts = (facts(Client))#{<<"user_property">> => emqx_packet:user_properties(Connect)},
    lists:foldl(fun(#{<<"name">> := Name, <<"expression">> := Expression}, #{attributes := Attributes} = Known) ->
        case emqx_variform:render(Expression, Facts) of
            {ok, <<>>} -> Known;
            {ok, Value} -> Known#{attributes := Attributes#{Name => Value}};
            {error, Reason} -> warn(client_attr_initialization_failed, Client, Reason), Known
        end
    end, Client, Wanted).

rename(Client, #{<<"client_id">> := null}) ->
    Client;
rename(Client, #{<<"client_id">> := Expression}) ->
    case emqx_variform:render(Expression, facts(Client)) of
        {ok, <<>>} -> warn(clientid_override_expression_returned_empty_string, Client, empty), Client;
        {ok, ClientId} -> Client#{client_id := ClientId};
        {error, Reason} -> warn(clientid_override_expression_failed, Client, Reason), Client
    end.

warn(Message, #{client_id := ClientId}, Reason) ->
    logger:warning("msg: ~ts, clientid: ~ts, reason: ~0p", [Message, ClientId, Reason]).

%% By the names that EMQX's expressions have for them.
facts(#{common_name := CommonName, listener := Listener} = Client) ->
    Known = maps:without([<<"cert_common_name">>], variables(Client)),
    Certified = case CommonName of undefined -> #{}; _ -> #{<<"cn">> => CommonName} end,
    maps:merge(Known#{<<"listener">> => Listener}, Certified).

%% The client as it is let in, without its password. What the expressions told of it stays, but for what it has now.
-spec learn(client(), map()) -> client().
learn(#{attributes := Attributes} = Client, Told) ->
    All = maps:merge(Attributes, maps:get(attributes, Told, #{})),
    maps:merge(maps:remove(password, Client), Told#{attributes => All}).

%% The client's values for placeholders.
-spec variables(client()) -> #{binary() => term()}.
variables(#{client_id := ClientId, username := Username, peerhost := Host, common_name := CommonName} = Client) ->
    #{
        <<"clientid">> => ClientId,
        <<"username">> => Username,
        <<"peerhost">> => list_to_binary(inet:ntoa(Host)),
        <<"cert_common_name">> => CommonName,
        <<"zone">> => maps:get(zone, Client),
        <<"client_attrs">> => maps:get(attributes, Client)
    }.
