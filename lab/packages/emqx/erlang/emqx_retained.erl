%% Retained messages, the same in the whole cluster: ejabberd finds topics by what its own node has seen, so each node
%% tells the others of topics.
-module(emqx_retained).
-export([create_table/0, store/7, delete/2, find/1, topics/0, list/0, learn/0]).
%% Called on other nodes.
-export([learn/1]).

-record(emqx_retained, {
    topic :: binary(),
    %% Who sent it, with which settings, and when it ends.
    sender :: {binary(), binary(), binary()},
    qos :: 0..2,
    payload :: binary(),
    properties :: map(),
    expiry :: non_neg_integer(),
    at :: integer()
}).

%% Where mod_mqtt looks for topics that a filter fits.
-define(SEEN, mqtt_topic_cache).
-define(SERVER, <<"mqtt.internal">>).

-spec create_table() -> ok.
create_table() ->
    emqx_table:create(emqx_retained, record_info(fields, emqx_retained)).

-spec store({binary(), binary(), binary()}, binary(), binary(), 0..2, map(), non_neg_integer(), integer()) -> ok.
store(Sender, Topic, Payload, QoS, Properties, Expiry, At) ->
    Message = #emqx_retained{topic = Topic, sender = Sender, qos = QoS, payload = Payload,
                             properties = Properties, expiry = Expiry, at = At},
    ok = mnesia:dirty_write(Message),
    tell([Topic]).

%% Where it is still looked for, its topic is forgotten then.
-spec delete({binary(), binary(), binary()}, binary()) -> ok.
delete(_, Topic) ->
    mnesia:dirty_delete(emqx_retained, Topic).

-spec find(binary()) -> {ok, {binary(), 0..2, map(), non_neg_integer()}} | {error, notfound}.
find(Topic) ->
    case mnesia:dirty_read(emqx_retained, Topic) of
        [#emqx_retained{qos = QoS, payload = Payload, properties = Properties, expiry = Expiry}] ->
            {ok, {Payload, QoS, Properties, Expiry}};
        [] ->
            {error, notfound}
    end.

-spec topics() -> [binary()].
topics() ->
    mnesia:dirty_all_keys(emqx_retained).

%% As EMQX's API tells of them.
-spec list() -> [map()].
list() ->
    [#{topic => Topic, qos => QoS, from_clientid => ClientId, from_username => Username, at => At}
     || #emqx_retained{topic = Topic, qos = QoS, sender = {Username, _, ClientId}, at = At} <-
        lists:keysort(#emqx_retained.topic, mnesia:dirty_match_object(#emqx_retained{_ = '_'}))].

%% After messages have come into the table by other ways.
-spec learn() -> ok.
learn() ->
    tell(topics()).

tell(Topics) ->
    {Running, _} = emqx_cluster:status(),
    erpc:multicast(Running, ?MODULE, learn, [Topics]).

-spec learn([binary()]) -> ok.
learn(Topics) ->
    _ = ets:whereis(?SEEN) =/= undefined andalso ets:insert(?SEEN, [{{key(Topic), ?SERVER}, Topic} || Topic <- Topics]),
    ok.

%% The levels with what parts them; a leading slash has nothing before it.
key(Topic) ->
    case lists:join($/, binary:split(Topic, <<"/">>, [global])) of
        [<<>> | Rest] -> Rest;
        Levels -> Levels
    end.
