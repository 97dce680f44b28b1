-- The objects of schema version 6, as that program's store showed them (SHOW CREATE TABLE).
CREATE TABLE optiinfra.retention
(
    `family` LowCardinality(String),
    `tier` LowCardinality(String),
    `days` UInt32,
    `set_at` DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(set_at)
ORDER BY (family, tier)
SETTINGS index_granularity = 8192;

CREATE TABLE optiinfra.import_ledger
(
    `import_id` UUID,
    `family` LowCardinality(String),
    `path` String,
    `block` UInt64,
    `rows` UInt64,
    `refused` UInt64,
    `finished` UInt8,
    `recorded_at` DateTime('UTC')
)
ENGINE = MergeTree
ORDER BY (import_id, block)
SETTINGS index_granularity = 8192;

CREATE TABLE optiinfra.copy_ledger
(
    `source_id` UUID,
    `family` LowCardinality(String),
    `tier` LowCardinality(String),
    `day` String,
    `blocks` UInt64,
    `rows` UInt64,
    `hash_sum` UInt64,
    `block_rows` UInt64,
    `finished` UInt8,
    `recorded_at` DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (source_id, family, tier, day, rows)
SETTINGS index_granularity = 8192;

CREATE TABLE optiinfra.schema_migrations
(
    `number` UInt32,
    `name` String,
    `applied_at` DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
ORDER BY number
SETTINGS index_granularity = 8192;

CREATE TABLE optiinfra.attributed_cost_hourly
(
    `hour` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `version` UInt64 CODEC(ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `served_customer_id` UUID CODEC(ZSTD(1)),
    `service_id` UUID CODEC(ZSTD(1)),
    `model_name` LowCardinality(String) CODEC(ZSTD(1)),
    `instance_id` LowCardinality(String) CODEC(ZSTD(1)),
    `cloud_provider` LowCardinality(String) CODEC(ZSTD(1)),
    `region` LowCardinality(String) CODEC(ZSTD(1)),
    `instance_type` LowCardinality(String) CODEC(ZSTD(1)),
    `kind` LowCardinality(String) CODEC(ZSTD(1)),
    `currency` LowCardinality(String) CODEC(ZSTD(1)),
    `cost` Int64 CODEC(ZSTD(1)),
    `input_cost` Int64 CODEC(ZSTD(1)),
    `avoided_cost` Int64 CODEC(ZSTD(1)),
    `shared_underfill` Int64 CODEC(ZSTD(1)),
    `shared_idle` Int64 CODEC(ZSTD(1)),
    `billed` Int64 CODEC(ZSTD(1)),
    `requests` UInt64 CODEC(ZSTD(1)),
    `prompt_tokens` UInt64 CODEC(ZSTD(1)),
    `cached_tokens` UInt64 CODEC(ZSTD(1)),
    `completion_tokens` UInt64 CODEC(ZSTD(1)),
    `weight` UInt64 CODEC(ZSTD(1)),
    `efficient_rate` UInt64 CODEC(ZSTD(1)),
    `busy_seconds` UInt32 CODEC(ZSTD(1)),
    `covered_seconds` UInt32 CODEC(ZSTD(1)),
    `method` LowCardinality(String) CODEC(ZSTD(1)),
    `price_source` LowCardinality(String) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (served_customer_id, hour, service_id, model_name, instance_id, kind)
TTL hour + toIntervalDay(730)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE optiinfra.attributed_hours
(
    `hour` DateTime('UTC'),
    `version` UInt64,
    `inputs` UInt64,
    `rows` UInt64,
    `checksum` UInt64,
    `requests` UInt64,
    `made_at` DateTime('UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, version)
TTL hour + toIntervalDay(730)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE optiinfra.cost_metrics_ts
(
    `timestamp` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `cloud_provider` LowCardinality(String) CODEC(ZSTD(1)),
    `service_name` LowCardinality(String) CODEC(ZSTD(1)),
    `instance_id` LowCardinality(String) CODEC(ZSTD(1)),
    `instance_type` LowCardinality(String) CODEC(ZSTD(1)),
    `region` LowCardinality(String) CODEC(ZSTD(1)),
    `cost_per_hour` Float64 DEFAULT nan CODEC(ZSTD(1)),
    `utilization_percent` Nullable(Float32) CODEC(ZSTD(1)),
    `is_spot` UInt8 CODEC(ZSTD(1)),
    `is_reserved` UInt8 CODEC(ZSTD(1)),
    `hours_covered` Nullable(Float64) CODEC(ZSTD(1)),
    `charge_category` LowCardinality(String) CODEC(ZSTD(1)),
    `list_cost_per_hour` Nullable(Float64) CODEC(ZSTD(1)),
    `currency` LowCardinality(String) CODEC(ZSTD(1)),
    `bill_id` LowCardinality(String) CODEC(ZSTD(1)),
    `source` LowCardinality(String) CODEC(ZSTD(1)),
    `arrival_hour` DateTime('UTC') MATERIALIZED toStartOfHour(now('UTC')) CODEC(DoubleDelta, ZSTD(1)),
    `batch_id` UInt64 MATERIALIZED if(getSetting('insert_deduplication_token') = '', 0, sipHash64(getSetting('insert_deduplication_token'))) CODEC(ZSTD(1)),
    `generation` UInt32 MATERIALIZED 0 CODEC(ZSTD(1)),
    CONSTRAINT timestamp CHECK (timestamp >= toDateTime(946684800, 'UTC')) AND (timestamp <= (now() + 86400)),
    CONSTRAINT customer_id CHECK customer_id != toUUID('00000000-0000-0000-0000-000000000000'),
    CONSTRAINT cloud_provider CHECK notEmpty(cloud_provider) AND (length(cloud_provider) <= 4096),
    CONSTRAINT service_name CHECK length(service_name) <= 4096,
    CONSTRAINT instance_id CHECK length(instance_id) <= 4096,
    CONSTRAINT instance_type CHECK length(instance_type) <= 4096,
    CONSTRAINT region CHECK length(region) <= 4096,
    CONSTRAINT cost_per_hour CHECK isFinite(cost_per_hour) AND ((cost_per_hour >= 0) OR (charge_category IN ('credit', 'refund', 'adjustment'))),
    CONSTRAINT utilization_percent CHECK ifNull((utilization_percent >= 0) AND (utilization_percent <= 100), 1),
    CONSTRAINT is_spot CHECK is_spot <= 1,
    CONSTRAINT is_reserved CHECK is_reserved <= 1,
    CONSTRAINT hours_covered CHECK ifNull((hours_covered >= 0) AND isFinite(hours_covered), 1),
    CONSTRAINT charge_category CHECK charge_category IN ('', 'usage', 'credit', 'refund', 'tax', 'purchase', 'adjustment'),
    CONSTRAINT list_cost_per_hour CHECK ifNull(isFinite(list_cost_per_hour), 1),
    CONSTRAINT currency CHECK (currency = '') OR match(currency, '^[A-Z][A-Z][A-Z]$'),
    CONSTRAINT bill_id CHECK length(bill_id) <= 4096,
    CONSTRAINT source CHECK length(source) <= 4096
)
ENGINE = MergeTree
PARTITION BY toDate(timestamp)
ORDER BY (customer_id, cloud_provider, timestamp)
TTL greatest(timestamp + toIntervalDay(90), arrival_hour + toIntervalDay(1))
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE optiinfra.cost_metrics_hourly
(
    `hour` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `cloud_provider` LowCardinality(String) CODEC(ZSTD(1)),
    `service_name` LowCardinality(String) CODEC(ZSTD(1)),
    `currency` LowCardinality(String) CODEC(ZSTD(1)),
    `total_cost` SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    `spot_cost` SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    `reserved_cost` SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    `avg_utilization` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `min_utilization` SimpleAggregateFunction(min, Float32) DEFAULT inf CODEC(ZSTD(1)),
    `max_utilization` SimpleAggregateFunction(max, Float32) DEFAULT -inf CODEC(ZSTD(1)),
    `list_cost` SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    `credit_cost` SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    `sample_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `utilization_percent_count` SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count CODEC(ZSTD(1)),
    `list_cost_per_hour_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `arrival_hour` SimpleAggregateFunction(min, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1)),
    `generation` UInt32 CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PRIMARY KEY (customer_id, hour, cloud_provider, service_name)
ORDER BY (customer_id, hour, cloud_provider, service_name, generation, currency)
TTL greatest(hour + toIntervalDay(730), arrival_hour + toIntervalDay(1))
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW optiinfra.cost_metrics_hourly_mv TO optiinfra.cost_metrics_hourly
(
    `hour` DateTime('UTC'),
    `customer_id` UUID,
    `cloud_provider` LowCardinality(String),
    `service_name` LowCardinality(String),
    `currency` LowCardinality(String),
    `total_cost` Float64,
    `spot_cost` Float64,
    `reserved_cost` Float64,
    `avg_utilization` AggregateFunction(avg, Float32),
    `min_utilization` Float32,
    `max_utilization` Float32,
    `list_cost` Float64,
    `credit_cost` Float64,
    `sample_count` UInt64,
    `utilization_percent_count` UInt64,
    `list_cost_per_hour_count` UInt64,
    `arrival_hour` DateTime('UTC'),
    `generation` UInt32
)
AS SELECT
    toStartOfHour(r.timestamp) AS hour,
    customer_id,
    cloud_provider,
    service_name,
    currency,
    sum(r.cost_per_hour * ifNull(r.hours_covered, 1)) AS total_cost,
    sum((r.cost_per_hour * ifNull(r.hours_covered, 1)) * r.is_spot) AS spot_cost,
    sum((r.cost_per_hour * ifNull(r.hours_covered, 1)) * r.is_reserved) AS reserved_cost,
    avgStateIf(assumeNotNull(r.utilization_percent), isNotNull(r.utilization_percent)) AS avg_utilization,
    min(ifNull(r.utilization_percent, toFloat32(inf))) AS min_utilization,
    max(ifNull(r.utilization_percent, toFloat32(-inf))) AS max_utilization,
    sum(ifNull(r.list_cost_per_hour * ifNull(r.hours_covered, 1), 0)) AS list_cost,
    sumIf(r.cost_per_hour * ifNull(r.hours_covered, 1), (r.charge_category IN ('credit', 'refund'))) AS credit_cost,
    count() AS sample_count,
    count(r.utilization_percent) AS utilization_percent_count,
    count(r.list_cost_per_hour) AS list_cost_per_hour_count,
    min(r.arrival_hour) AS arrival_hour,
    min(r.generation) AS generation
FROM optiinfra.cost_metrics_ts AS r
GROUP BY
    hour,
    customer_id,
    cloud_provider,
    service_name,
    currency;

CREATE VIEW optiinfra.cost_hourly
(
    `hour` DateTime('UTC'),
    `customer_id` UUID,
    `cloud_provider` LowCardinality(String),
    `service_name` LowCardinality(String),
    `currency` LowCardinality(String),
    `total_cost` Float64,
    `spot_cost` Float64,
    `reserved_cost` Float64,
    `avg_utilization` Nullable(Float64),
    `min_utilization` Nullable(Float32),
    `max_utilization` Nullable(Float32),
    `list_cost` Nullable(Float64),
    `credit_cost` Float64,
    `sample_count` UInt64,
    `utilization_percent_count` UInt64,
    `list_cost_per_hour_count` UInt64
)
AS SELECT
    hour,
    customer_id,
    cloud_provider,
    service_name,
    currency,
    sum(r.total_cost) AS total_cost,
    sum(r.spot_cost) AS spot_cost,
    sum(r.reserved_cost) AS reserved_cost,
    if(sum(r.utilization_percent_count) = 0, NULL, avgMerge(r.avg_utilization)) AS avg_utilization,
    if(sum(r.utilization_percent_count) = 0, NULL, toFloat32(min(r.min_utilization))) AS min_utilization,
    if(sum(r.utilization_percent_count) = 0, NULL, toFloat32(max(r.max_utilization))) AS max_utilization,
    if(sum(r.list_cost_per_hour_count) = 0, NULL, sum(r.list_cost)) AS list_cost,
    sum(r.credit_cost) AS credit_cost,
    sum(r.sample_count) AS sample_count,
    sum(r.utilization_percent_count) AS utilization_percent_count,
    sum(r.list_cost_per_hour_count) AS list_cost_per_hour_count
FROM optiinfra.cost_metrics_hourly AS r
GROUP BY
    hour,
    customer_id,
    cloud_provider,
    service_name,
    currency;

CREATE TABLE optiinfra.performance_metrics_ts
(
    `timestamp` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `service_id` UUID CODEC(ZSTD(1)),
    `service_type` LowCardinality(String) CODEC(ZSTD(1)),
    `model_name` LowCardinality(String) CODEC(ZSTD(1)),
    `request_id` UUID CODEC(ZSTD(1)),
    `latency_ms` Float32 DEFAULT nan CODEC(ZSTD(1)),
    `throughput_tokens_per_sec` Nullable(Float32) CODEC(ZSTD(1)),
    `gpu_utilization` Nullable(Float32) CODEC(ZSTD(1)),
    `kv_cache_utilization` Nullable(Float32) CODEC(ZSTD(1)),
    `batch_size` Nullable(UInt32) CODEC(T64, ZSTD(1)),
    `prompt_tokens` Nullable(UInt32) CODEC(T64, ZSTD(1)),
    `completion_tokens` Nullable(UInt32) CODEC(T64, ZSTD(1)),
    `total_tokens` Nullable(UInt32) DEFAULT accurateCastOrNull(prompt_tokens + completion_tokens, 'UInt32') CODEC(T64, ZSTD(1)),
    `time_to_first_token_ms` Nullable(Float32) CODEC(ZSTD(1)),
    `inter_token_latency_ms` Nullable(Float32) CODEC(ZSTD(1)),
    `queue_ms` Nullable(Float32) CODEC(ZSTD(1)),
    `prefill_ms` Nullable(Float32) CODEC(ZSTD(1)),
    `decode_ms` Nullable(Float32) CODEC(ZSTD(1)),
    `cached_tokens` Nullable(UInt32) CODEC(T64, ZSTD(1)),
    `reasoning_tokens` Nullable(UInt32) CODEC(T64, ZSTD(1)),
    `status` LowCardinality(String) CODEC(ZSTD(1)),
    `finish_reason` LowCardinality(String) CODEC(ZSTD(1)),
    `instance_id` LowCardinality(String) CODEC(ZSTD(1)),
    `model_version` LowCardinality(String) CODEC(ZSTD(1)),
    `session_id` String CODEC(ZSTD(1)),
    `source` LowCardinality(String) CODEC(ZSTD(1)),
    `arrival_hour` DateTime('UTC') MATERIALIZED toStartOfHour(now('UTC')) CODEC(DoubleDelta, ZSTD(1)),
    `batch_id` UInt64 MATERIALIZED if(getSetting('insert_deduplication_token') = '', 0, sipHash64(getSetting('insert_deduplication_token'))) CODEC(ZSTD(1)),
    `generation` UInt32 MATERIALIZED 0 CODEC(ZSTD(1)),
    CONSTRAINT timestamp CHECK (timestamp >= toDateTime(946684800, 'UTC')) AND (timestamp <= (now() + 86400)),
    CONSTRAINT customer_id CHECK customer_id != toUUID('00000000-0000-0000-0000-000000000000'),
    CONSTRAINT service_id CHECK service_id != toUUID('00000000-0000-0000-0000-000000000000'),
    CONSTRAINT service_type CHECK length(service_type) <= 4096,
    CONSTRAINT model_name CHECK length(model_name) <= 4096,
    CONSTRAINT latency_ms CHECK (latency_ms >= 0) AND isFinite(latency_ms),
    CONSTRAINT throughput_tokens_per_sec CHECK ifNull((throughput_tokens_per_sec >= 0) AND isFinite(throughput_tokens_per_sec), 1),
    CONSTRAINT gpu_utilization CHECK ifNull((gpu_utilization >= 0) AND (gpu_utilization <= 100), 1),
    CONSTRAINT kv_cache_utilization CHECK ifNull((kv_cache_utilization >= 0) AND (kv_cache_utilization <= 100), 1),
    CONSTRAINT time_to_first_token_ms CHECK ifNull((time_to_first_token_ms >= 0) AND isFinite(time_to_first_token_ms), 1),
    CONSTRAINT inter_token_latency_ms CHECK ifNull((inter_token_latency_ms >= 0) AND isFinite(inter_token_latency_ms), 1),
    CONSTRAINT queue_ms CHECK ifNull((queue_ms >= 0) AND isFinite(queue_ms), 1),
    CONSTRAINT prefill_ms CHECK ifNull((prefill_ms >= 0) AND isFinite(prefill_ms), 1),
    CONSTRAINT decode_ms CHECK ifNull((decode_ms >= 0) AND isFinite(decode_ms), 1),
    CONSTRAINT status CHECK status IN ('', 'ok', 'client_error', 'server_error', 'aborted', 'dropped'),
    CONSTRAINT finish_reason CHECK length(finish_reason) <= 4096,
    CONSTRAINT instance_id CHECK length(instance_id) <= 4096,
    CONSTRAINT model_version CHECK length(model_version) <= 4096,
    CONSTRAINT session_id CHECK length(session_id) <= 4096,
    CONSTRAINT source CHECK length(source) <= 4096
)
ENGINE = MergeTree
PARTITION BY toDate(timestamp)
ORDER BY (customer_id, service_id, timestamp)
TTL greatest(timestamp + toIntervalDay(30), arrival_hour + toIntervalDay(1))
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE optiinfra.performance_metrics_hourly
(
    `hour` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `service_id` UUID CODEC(ZSTD(1)),
    `service_type` LowCardinality(String) CODEC(ZSTD(1)),
    `model_name` LowCardinality(String) CODEC(ZSTD(1)),
    `avg_latency` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `min_latency` SimpleAggregateFunction(min, Float32) CODEC(ZSTD(1)),
    `max_latency` SimpleAggregateFunction(max, Float32) CODEC(ZSTD(1)),
    `latency_ns_quantiles` AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64) CODEC(ZSTD(1)),
    `avg_throughput` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `avg_gpu_util` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `avg_kv_cache_util` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `avg_batch_size` AggregateFunction(avg, UInt32) CODEC(ZSTD(1)),
    `prompt_tokens` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `completion_tokens` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `total_tokens` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `avg_time_to_first_token` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `time_to_first_token_ns_quantiles` AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64) CODEC(ZSTD(1)),
    `avg_inter_token_latency` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `inter_token_latency_ns_quantiles` AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64) CODEC(ZSTD(1)),
    `avg_queue` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `avg_prefill` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `avg_decode` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `cached_tokens` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `reasoning_tokens` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `error_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `client_error_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `aborted_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `request_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `throughput_tokens_per_sec_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `gpu_utilization_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `kv_cache_utilization_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `batch_size_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `prompt_tokens_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `completion_tokens_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `total_tokens_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `time_to_first_token_ms_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `inter_token_latency_ms_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `queue_ms_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `prefill_ms_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `decode_ms_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `cached_tokens_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `reasoning_tokens_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `arrival_hour` SimpleAggregateFunction(min, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1)),
    `generation` UInt32 CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PRIMARY KEY (customer_id, service_id, hour, service_type, model_name)
ORDER BY (customer_id, service_id, hour, service_type, model_name, generation)
TTL greatest(hour + toIntervalDay(730), arrival_hour + toIntervalDay(1))
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW optiinfra.performance_metrics_hourly_mv TO optiinfra.performance_metrics_hourly
(
    `hour` DateTime('UTC'),
    `customer_id` UUID,
    `service_id` UUID,
    `service_type` LowCardinality(String),
    `model_name` LowCardinality(String),
    `avg_latency` AggregateFunction(avg, Float32),
    `min_latency` Float32,
    `max_latency` Float32,
    `latency_ns_quantiles` AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64),
    `avg_throughput` AggregateFunction(avg, Float32),
    `avg_gpu_util` AggregateFunction(avg, Float32),
    `avg_kv_cache_util` AggregateFunction(avg, Float32),
    `avg_batch_size` AggregateFunction(avg, UInt32),
    `prompt_tokens` UInt64,
    `completion_tokens` UInt64,
    `total_tokens` UInt64,
    `avg_time_to_first_token` AggregateFunction(avg, Float32),
    `time_to_first_token_ns_quantiles` AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64),
    `avg_inter_token_latency` AggregateFunction(avg, Float32),
    `inter_token_latency_ns_quantiles` AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64),
    `avg_queue` AggregateFunction(avg, Float32),
    `avg_prefill` AggregateFunction(avg, Float32),
    `avg_decode` AggregateFunction(avg, Float32),
    `cached_tokens` UInt64,
    `reasoning_tokens` UInt64,
    `error_count` UInt64,
    `client_error_count` UInt64,
    `aborted_count` UInt64,
    `request_count` UInt64,
    `throughput_tokens_per_sec_count` UInt64,
    `gpu_utilization_count` UInt64,
    `kv_cache_utilization_count` UInt64,
    `batch_size_count` UInt64,
    `prompt_tokens_count` UInt64,
    `completion_tokens_count` UInt64,
    `total_tokens_count` UInt64,
    `time_to_first_token_ms_count` UInt64,
    `inter_token_latency_ms_count` UInt64,
    `queue_ms_count` UInt64,
    `prefill_ms_count` UInt64,
    `decode_ms_count` UInt64,
    `cached_tokens_count` UInt64,
    `reasoning_tokens_count` UInt64,
    `arrival_hour` DateTime('UTC'),
    `generation` UInt32
)
AS SELECT
    toStartOfHour(r.timestamp) AS hour,
    customer_id,
    service_id,
    service_type,
    model_name,
    avgState(r.latency_ms) AS avg_latency,
    min(r.latency_ms) AS min_latency,
    max(r.latency_ms) AS max_latency,
    quantilesDDState(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ms * 1000000) AS latency_ns_quantiles,
    avgStateIf(assumeNotNull(r.throughput_tokens_per_sec), isNotNull(r.throughput_tokens_per_sec)) AS avg_throughput,
    avgStateIf(assumeNotNull(r.gpu_utilization), isNotNull(r.gpu_utilization)) AS avg_gpu_util,
    avgStateIf(assumeNotNull(r.kv_cache_utilization), isNotNull(r.kv_cache_utilization)) AS avg_kv_cache_util,
    avgStateIf(assumeNotNull(r.batch_size), isNotNull(r.batch_size)) AS avg_batch_size,
    sum(ifNull(r.prompt_tokens, 0)) AS prompt_tokens,
    sum(ifNull(r.completion_tokens, 0)) AS completion_tokens,
    sum(ifNull(r.total_tokens, 0)) AS total_tokens,
    avgStateIf(assumeNotNull(r.time_to_first_token_ms), isNotNull(r.time_to_first_token_ms)) AS avg_time_to_first_token,
    quantilesDDStateIf(0.01, 0.5, 0.9, 0.95, 0.99)(assumeNotNull(r.time_to_first_token_ms) * 1000000, isNotNull(r.time_to_first_token_ms)) AS time_to_first_token_ns_quantiles,
    avgStateIf(assumeNotNull(r.inter_token_latency_ms), isNotNull(r.inter_token_latency_ms)) AS avg_inter_token_latency,
    quantilesDDStateIf(0.01, 0.5, 0.9, 0.95, 0.99)(assumeNotNull(r.inter_token_latency_ms) * 1000000, isNotNull(r.inter_token_latency_ms)) AS inter_token_latency_ns_quantiles,
    avgStateIf(assumeNotNull(r.queue_ms), isNotNull(r.queue_ms)) AS avg_queue,
    avgStateIf(assumeNotNull(r.prefill_ms), isNotNull(r.prefill_ms)) AS avg_prefill,
    avgStateIf(assumeNotNull(r.decode_ms), isNotNull(r.decode_ms)) AS avg_decode,
    sum(ifNull(r.cached_tokens, 0)) AS cached_tokens,
    sum(ifNull(r.reasoning_tokens, 0)) AS reasoning_tokens,
    countIf(r.status IN ('server_error', 'dropped')) AS error_count,
    countIf(r.status IN ('client_error')) AS client_error_count,
    countIf(r.status IN ('aborted')) AS aborted_count,
    count() AS request_count,
    count(r.throughput_tokens_per_sec) AS throughput_tokens_per_sec_count,
    count(r.gpu_utilization) AS gpu_utilization_count,
    count(r.kv_cache_utilization) AS kv_cache_utilization_count,
    count(r.batch_size) AS batch_size_count,
    count(r.prompt_tokens) AS prompt_tokens_count,
    count(r.completion_tokens) AS completion_tokens_count,
    count(r.total_tokens) AS total_tokens_count,
    count(r.time_to_first_token_ms) AS time_to_first_token_ms_count,
    count(r.inter_token_latency_ms) AS inter_token_latency_ms_count,
    count(r.queue_ms) AS queue_ms_count,
    count(r.prefill_ms) AS prefill_ms_count,
    count(r.decode_ms) AS decode_ms_count,
    count(r.cached_tokens) AS cached_tokens_count,
    count(r.reasoning_tokens) AS reasoning_tokens_count,
    min(r.arrival_hour) AS arrival_hour,
    min(r.generation) AS generation
FROM optiinfra.performance_metrics_ts AS r
GROUP BY
    hour,
    customer_id,
    service_id,
    service_type,
    model_name;

CREATE VIEW optiinfra.performance_hourly
(
    `hour` DateTime('UTC'),
    `customer_id` UUID,
    `service_id` UUID,
    `service_type` LowCardinality(String),
    `model_name` LowCardinality(String),
    `avg_latency` Float64,
    `min_latency` Float32,
    `max_latency` Float32,
    `p50_latency` Float64,
    `p90_latency` Float64,
    `p95_latency` Float64,
    `p99_latency` Float64,
    `avg_throughput` Nullable(Float64),
    `avg_gpu_util` Nullable(Float64),
    `avg_kv_cache_util` Nullable(Float64),
    `avg_batch_size` Nullable(Float64),
    `prompt_tokens` Nullable(UInt64),
    `completion_tokens` Nullable(UInt64),
    `total_tokens` Nullable(UInt64),
    `avg_time_to_first_token` Nullable(Float64),
    `p50_time_to_first_token` Nullable(Float64),
    `p90_time_to_first_token` Nullable(Float64),
    `p95_time_to_first_token` Nullable(Float64),
    `p99_time_to_first_token` Nullable(Float64),
    `avg_inter_token_latency` Nullable(Float64),
    `p50_inter_token_latency` Nullable(Float64),
    `p90_inter_token_latency` Nullable(Float64),
    `p95_inter_token_latency` Nullable(Float64),
    `p99_inter_token_latency` Nullable(Float64),
    `avg_queue` Nullable(Float64),
    `avg_prefill` Nullable(Float64),
    `avg_decode` Nullable(Float64),
    `cached_tokens` Nullable(UInt64),
    `reasoning_tokens` Nullable(UInt64),
    `error_count` UInt64,
    `client_error_count` UInt64,
    `aborted_count` UInt64,
    `request_count` UInt64,
    `throughput_tokens_per_sec_count` UInt64,
    `gpu_utilization_count` UInt64,
    `kv_cache_utilization_count` UInt64,
    `batch_size_count` UInt64,
    `prompt_tokens_count` UInt64,
    `completion_tokens_count` UInt64,
    `total_tokens_count` UInt64,
    `time_to_first_token_ms_count` UInt64,
    `inter_token_latency_ms_count` UInt64,
    `queue_ms_count` UInt64,
    `prefill_ms_count` UInt64,
    `decode_ms_count` UInt64,
    `cached_tokens_count` UInt64,
    `reasoning_tokens_count` UInt64
)
AS SELECT
    hour,
    customer_id,
    service_id,
    service_type,
    model_name,
    avgMerge(r.avg_latency) AS avg_latency,
    toFloat32(min(r.min_latency)) AS min_latency,
    toFloat32(max(r.max_latency)) AS max_latency,
    (quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ns_quantiles)[1]) / 1000000 AS p50_latency,
    (quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ns_quantiles)[2]) / 1000000 AS p90_latency,
    (quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ns_quantiles)[3]) / 1000000 AS p95_latency,
    (quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ns_quantiles)[4]) / 1000000 AS p99_latency,
    if(sum(r.throughput_tokens_per_sec_count) = 0, NULL, avgMerge(r.avg_throughput)) AS avg_throughput,
    if(sum(r.gpu_utilization_count) = 0, NULL, avgMerge(r.avg_gpu_util)) AS avg_gpu_util,
    if(sum(r.kv_cache_utilization_count) = 0, NULL, avgMerge(r.avg_kv_cache_util)) AS avg_kv_cache_util,
    if(sum(r.batch_size_count) = 0, NULL, avgMerge(r.avg_batch_size)) AS avg_batch_size,
    if(sum(r.prompt_tokens_count) = 0, NULL, sum(r.prompt_tokens)) AS prompt_tokens,
    if(sum(r.completion_tokens_count) = 0, NULL, sum(r.completion_tokens)) AS completion_tokens,
    if(sum(r.total_tokens_count) = 0, NULL, sum(r.total_tokens)) AS total_tokens,
    if(sum(r.time_to_first_token_ms_count) = 0, NULL, avgMerge(r.avg_time_to_first_token)) AS avg_time_to_first_token,
    if(sum(r.time_to_first_token_ms_count) = 0, NULL, (quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.time_to_first_token_ns_quantiles)[1]) / 1000000) AS p50_time_to_first_token,
    if(sum(r.time_to_first_token_ms_count) = 0, NULL, (quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.time_to_first_token_ns_quantiles)[2]) / 1000000) AS p90_time_to_first_token,
    if(sum(r.time_to_first_token_ms_count) = 0, NULL, (quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.time_to_first_token_ns_quantiles)[3]) / 1000000) AS p95_time_to_first_token,
    if(sum(r.time_to_first_token_ms_count) = 0, NULL, (quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.time_to_first_token_ns_quantiles)[4]) / 1000000) AS p99_time_to_first_token,
    if(sum(r.inter_token_latency_ms_count) = 0, NULL, avgMerge(r.avg_inter_token_latency)) AS avg_inter_token_latency,
    if(sum(r.inter_token_latency_ms_count) = 0, NULL, (quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.inter_token_latency_ns_quantiles)[1]) / 1000000) AS p50_inter_token_latency,
    if(sum(r.inter_token_latency_ms_count) = 0, NULL, (quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.inter_token_latency_ns_quantiles)[2]) / 1000000) AS p90_inter_token_latency,
    if(sum(r.inter_token_latency_ms_count) = 0, NULL, (quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.inter_token_latency_ns_quantiles)[3]) / 1000000) AS p95_inter_token_latency,
    if(sum(r.inter_token_latency_ms_count) = 0, NULL, (quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.inter_token_latency_ns_quantiles)[4]) / 1000000) AS p99_inter_token_latency,
    if(sum(r.queue_ms_count) = 0, NULL, avgMerge(r.avg_queue)) AS avg_queue,
    if(sum(r.prefill_ms_count) = 0, NULL, avgMerge(r.avg_prefill)) AS avg_prefill,
    if(sum(r.decode_ms_count) = 0, NULL, avgMerge(r.avg_decode)) AS avg_decode,
    if(sum(r.cached_tokens_count) = 0, NULL, sum(r.cached_tokens)) AS cached_tokens,
    if(sum(r.reasoning_tokens_count) = 0, NULL, sum(r.reasoning_tokens)) AS reasoning_tokens,
    sum(r.error_count) AS error_count,
    sum(r.client_error_count) AS client_error_count,
    sum(r.aborted_count) AS aborted_count,
    sum(r.request_count) AS request_count,
    sum(r.throughput_tokens_per_sec_count) AS throughput_tokens_per_sec_count,
    sum(r.gpu_utilization_count) AS gpu_utilization_count,
    sum(r.kv_cache_utilization_count) AS kv_cache_utilization_count,
    sum(r.batch_size_count) AS batch_size_count,
    sum(r.prompt_tokens_count) AS prompt_tokens_count,
    sum(r.completion_tokens_count) AS completion_tokens_count,
    sum(r.total_tokens_count) AS total_tokens_count,
    sum(r.time_to_first_token_ms_count) AS time_to_first_token_ms_count,
    sum(r.inter_token_latency_ms_count) AS inter_token_latency_ms_count,
    sum(r.queue_ms_count) AS queue_ms_count,
    sum(r.prefill_ms_count) AS prefill_ms_count,
    sum(r.decode_ms_count) AS decode_ms_count,
    sum(r.cached_tokens_count) AS cached_tokens_count,
    sum(r.reasoning_tokens_count) AS reasoning_tokens_count
FROM optiinfra.performance_metrics_hourly AS r
GROUP BY
    hour,
    customer_id,
    service_id,
    service_type,
    model_name;

CREATE TABLE optiinfra.resource_metrics_ts
(
    `timestamp` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `instance_id` LowCardinality(String) CODEC(ZSTD(1)),
    `instance_type` LowCardinality(String) CODEC(ZSTD(1)),
    `gpu_index` UInt8 CODEC(ZSTD(1)),
    `gpu_utilization` Nullable(Float32) CODEC(ZSTD(1)),
    `gpu_memory_used_mb` Nullable(Float32) CODEC(ZSTD(1)),
    `gpu_memory_total_mb` Nullable(Float32) CODEC(ZSTD(1)),
    `gpu_temperature` Nullable(Float32) CODEC(ZSTD(1)),
    `cpu_utilization` Nullable(Float32) CODEC(ZSTD(1)),
    `memory_used_gb` Nullable(Float32) CODEC(ZSTD(1)),
    `memory_total_gb` Nullable(Float32) CODEC(ZSTD(1)),
    `network_rx_mbps` Nullable(Float32) CODEC(ZSTD(1)),
    `network_tx_mbps` Nullable(Float32) CODEC(ZSTD(1)),
    `gpu_uuid` LowCardinality(String) CODEC(ZSTD(1)),
    `gpu_name` LowCardinality(String) CODEC(ZSTD(1)),
    `mig_profile` LowCardinality(String) CODEC(ZSTD(1)),
    `gpu_power_w` Nullable(Float32) CODEC(ZSTD(1)),
    `gpu_energy_j` Nullable(Float32) CODEC(ZSTD(1)),
    `gpu_memory_temperature` Nullable(Float32) CODEC(ZSTD(1)),
    `gpu_tensor_active` Nullable(Float32) CODEC(ZSTD(1)),
    `gpu_dram_active` Nullable(Float32) CODEC(ZSTD(1)),
    `gpu_throttle_reasons` Nullable(UInt32) CODEC(T64, ZSTD(1)),
    `gpu_xid` Nullable(UInt32) CODEC(T64, ZSTD(1)),
    `source` LowCardinality(String) CODEC(ZSTD(1)),
    `arrival_hour` DateTime('UTC') MATERIALIZED toStartOfHour(now('UTC')) CODEC(DoubleDelta, ZSTD(1)),
    `batch_id` UInt64 MATERIALIZED if(getSetting('insert_deduplication_token') = '', 0, sipHash64(getSetting('insert_deduplication_token'))) CODEC(ZSTD(1)),
    `generation` UInt32 MATERIALIZED 0 CODEC(ZSTD(1)),
    CONSTRAINT timestamp CHECK (timestamp >= toDateTime(946684800, 'UTC')) AND (timestamp <= (now() + 86400)),
    CONSTRAINT customer_id CHECK customer_id != toUUID('00000000-0000-0000-0000-000000000000'),
    CONSTRAINT instance_id CHECK notEmpty(instance_id) AND (length(instance_id) <= 4096),
    CONSTRAINT instance_type CHECK length(instance_type) <= 4096,
    CONSTRAINT gpu_utilization CHECK ifNull((gpu_utilization >= 0) AND (gpu_utilization <= 100), 1),
    CONSTRAINT gpu_memory_used_mb CHECK ifNull((gpu_memory_used_mb >= 0) AND isFinite(gpu_memory_used_mb), 1),
    CONSTRAINT gpu_memory_total_mb CHECK ifNull((gpu_memory_total_mb >= 0) AND isFinite(gpu_memory_total_mb), 1),
    CONSTRAINT gpu_temperature CHECK ifNull(isFinite(gpu_temperature), 1),
    CONSTRAINT cpu_utilization CHECK ifNull((cpu_utilization >= 0) AND (cpu_utilization <= 100), 1),
    CONSTRAINT memory_used_gb CHECK ifNull((memory_used_gb >= 0) AND isFinite(memory_used_gb), 1),
    CONSTRAINT memory_total_gb CHECK ifNull((memory_total_gb >= 0) AND isFinite(memory_total_gb), 1),
    CONSTRAINT network_rx_mbps CHECK ifNull((network_rx_mbps >= 0) AND isFinite(network_rx_mbps), 1),
    CONSTRAINT network_tx_mbps CHECK ifNull((network_tx_mbps >= 0) AND isFinite(network_tx_mbps), 1),
    CONSTRAINT gpu_uuid CHECK length(gpu_uuid) <= 4096,
    CONSTRAINT gpu_name CHECK length(gpu_name) <= 4096,
    CONSTRAINT mig_profile CHECK length(mig_profile) <= 4096,
    CONSTRAINT gpu_power_w CHECK ifNull((gpu_power_w >= 0) AND isFinite(gpu_power_w), 1),
    CONSTRAINT gpu_energy_j CHECK ifNull((gpu_energy_j >= 0) AND isFinite(gpu_energy_j), 1),
    CONSTRAINT gpu_memory_temperature CHECK ifNull(isFinite(gpu_memory_temperature), 1),
    CONSTRAINT gpu_tensor_active CHECK ifNull((gpu_tensor_active >= 0) AND (gpu_tensor_active <= 100), 1),
    CONSTRAINT gpu_dram_active CHECK ifNull((gpu_dram_active >= 0) AND (gpu_dram_active <= 100), 1),
    CONSTRAINT source CHECK length(source) <= 4096
)
ENGINE = MergeTree
PARTITION BY toDate(timestamp)
ORDER BY (customer_id, instance_id, timestamp, gpu_index)
TTL greatest(timestamp + toIntervalDay(90), arrival_hour + toIntervalDay(1))
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE optiinfra.resource_metrics_hourly
(
    `hour` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `instance_id` LowCardinality(String) CODEC(ZSTD(1)),
    `instance_type` LowCardinality(String) CODEC(ZSTD(1)),
    `avg_gpu_util` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `max_gpu_util` AggregateFunction(max, Float32) CODEC(ZSTD(1)),
    `avg_gpu_memory` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `max_gpu_memory` SimpleAggregateFunction(max, Float32) DEFAULT -inf CODEC(ZSTD(1)),
    `max_gpu_temperature` SimpleAggregateFunction(max, Float32) DEFAULT -inf CODEC(ZSTD(1)),
    `avg_cpu_util` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `max_cpu_util` SimpleAggregateFunction(max, Float32) DEFAULT -inf CODEC(ZSTD(1)),
    `avg_memory` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `max_memory` SimpleAggregateFunction(max, Float32) DEFAULT -inf CODEC(ZSTD(1)),
    `avg_network_rx` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `avg_network_tx` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `avg_gpu_power` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `max_gpu_power` SimpleAggregateFunction(max, Float32) DEFAULT -inf CODEC(ZSTD(1)),
    `gpu_energy` SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    `max_gpu_memory_temperature` SimpleAggregateFunction(max, Float32) DEFAULT -inf CODEC(ZSTD(1)),
    `avg_gpu_tensor_active` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `avg_gpu_dram_active` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `sample_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `gpu_utilization_count` SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count CODEC(ZSTD(1)),
    `gpu_memory_used_mb_count` SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count CODEC(ZSTD(1)),
    `gpu_temperature_count` SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count CODEC(ZSTD(1)),
    `cpu_utilization_count` SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count CODEC(ZSTD(1)),
    `memory_used_gb_count` SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count CODEC(ZSTD(1)),
    `network_rx_mbps_count` SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count CODEC(ZSTD(1)),
    `network_tx_mbps_count` SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count CODEC(ZSTD(1)),
    `gpu_power_w_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `gpu_energy_j_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `gpu_memory_temperature_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `gpu_tensor_active_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `gpu_dram_active_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `arrival_hour` SimpleAggregateFunction(min, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1)),
    `generation` UInt32 CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PRIMARY KEY (customer_id, instance_id, hour, instance_type)
ORDER BY (customer_id, instance_id, hour, instance_type, generation)
TTL greatest(hour + toIntervalDay(730), arrival_hour + toIntervalDay(1))
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW optiinfra.resource_metrics_hourly_mv TO optiinfra.resource_metrics_hourly
(
    `hour` DateTime('UTC'),
    `customer_id` UUID,
    `instance_id` LowCardinality(String),
    `instance_type` LowCardinality(String),
    `avg_gpu_util` AggregateFunction(avg, Float32),
    `max_gpu_util` AggregateFunction(max, Float32),
    `avg_gpu_memory` AggregateFunction(avg, Float32),
    `max_gpu_memory` Float32,
    `max_gpu_temperature` Float32,
    `avg_cpu_util` AggregateFunction(avg, Float32),
    `max_cpu_util` Float32,
    `avg_memory` AggregateFunction(avg, Float32),
    `max_memory` Float32,
    `avg_network_rx` AggregateFunction(avg, Float32),
    `avg_network_tx` AggregateFunction(avg, Float32),
    `avg_gpu_power` AggregateFunction(avg, Float32),
    `max_gpu_power` Float32,
    `gpu_energy` Float64,
    `max_gpu_memory_temperature` Float32,
    `avg_gpu_tensor_active` AggregateFunction(avg, Float32),
    `avg_gpu_dram_active` AggregateFunction(avg, Float32),
    `sample_count` UInt64,
    `gpu_utilization_count` UInt64,
    `gpu_memory_used_mb_count` UInt64,
    `gpu_temperature_count` UInt64,
    `cpu_utilization_count` UInt64,
    `memory_used_gb_count` UInt64,
    `network_rx_mbps_count` UInt64,
    `network_tx_mbps_count` UInt64,
    `gpu_power_w_count` UInt64,
    `gpu_energy_j_count` UInt64,
    `gpu_memory_temperature_count` UInt64,
    `gpu_tensor_active_count` UInt64,
    `gpu_dram_active_count` UInt64,
    `arrival_hour` DateTime('UTC'),
    `generation` UInt32
)
AS SELECT
    toStartOfHour(r.timestamp) AS hour,
    customer_id,
    instance_id,
    instance_type,
    avgStateIf(assumeNotNull(r.gpu_utilization), isNotNull(r.gpu_utilization)) AS avg_gpu_util,
    maxState(ifNull(r.gpu_utilization, toFloat32(-inf))) AS max_gpu_util,
    avgStateIf(assumeNotNull(r.gpu_memory_used_mb), isNotNull(r.gpu_memory_used_mb)) AS avg_gpu_memory,
    max(ifNull(r.gpu_memory_used_mb, toFloat32(-inf))) AS max_gpu_memory,
    max(ifNull(r.gpu_temperature, toFloat32(-inf))) AS max_gpu_temperature,
    avgStateIf(assumeNotNull(r.cpu_utilization), isNotNull(r.cpu_utilization)) AS avg_cpu_util,
    max(ifNull(r.cpu_utilization, toFloat32(-inf))) AS max_cpu_util,
    avgStateIf(assumeNotNull(r.memory_used_gb), isNotNull(r.memory_used_gb)) AS avg_memory,
    max(ifNull(r.memory_used_gb, toFloat32(-inf))) AS max_memory,
    avgStateIf(assumeNotNull(r.network_rx_mbps), isNotNull(r.network_rx_mbps)) AS avg_network_rx,
    avgStateIf(assumeNotNull(r.network_tx_mbps), isNotNull(r.network_tx_mbps)) AS avg_network_tx,
    avgStateIf(assumeNotNull(r.gpu_power_w), isNotNull(r.gpu_power_w)) AS avg_gpu_power,
    max(ifNull(r.gpu_power_w, toFloat32(-inf))) AS max_gpu_power,
    sum(ifNull(r.gpu_energy_j, 0)) AS gpu_energy,
    max(ifNull(r.gpu_memory_temperature, toFloat32(-inf))) AS max_gpu_memory_temperature,
    avgStateIf(assumeNotNull(r.gpu_tensor_active), isNotNull(r.gpu_tensor_active)) AS avg_gpu_tensor_active,
    avgStateIf(assumeNotNull(r.gpu_dram_active), isNotNull(r.gpu_dram_active)) AS avg_gpu_dram_active,
    count() AS sample_count,
    count(r.gpu_utilization) AS gpu_utilization_count,
    count(r.gpu_memory_used_mb) AS gpu_memory_used_mb_count,
    count(r.gpu_temperature) AS gpu_temperature_count,
    count(r.cpu_utilization) AS cpu_utilization_count,
    count(r.memory_used_gb) AS memory_used_gb_count,
    count(r.network_rx_mbps) AS network_rx_mbps_count,
    count(r.network_tx_mbps) AS network_tx_mbps_count,
    count(r.gpu_power_w) AS gpu_power_w_count,
    count(r.gpu_energy_j) AS gpu_energy_j_count,
    count(r.gpu_memory_temperature) AS gpu_memory_temperature_count,
    count(r.gpu_tensor_active) AS gpu_tensor_active_count,
    count(r.gpu_dram_active) AS gpu_dram_active_count,
    min(r.arrival_hour) AS arrival_hour,
    min(r.generation) AS generation
FROM optiinfra.resource_metrics_ts AS r
GROUP BY
    hour,
    customer_id,
    instance_id,
    instance_type;

CREATE VIEW optiinfra.resource_hourly
(
    `hour` DateTime('UTC'),
    `customer_id` UUID,
    `instance_id` LowCardinality(String),
    `instance_type` LowCardinality(String),
    `avg_gpu_util` Nullable(Float64),
    `max_gpu_util` Nullable(Float32),
    `avg_gpu_memory` Nullable(Float64),
    `max_gpu_memory` Nullable(Float32),
    `max_gpu_temperature` Nullable(Float32),
    `avg_cpu_util` Nullable(Float64),
    `max_cpu_util` Nullable(Float32),
    `avg_memory` Nullable(Float64),
    `max_memory` Nullable(Float32),
    `avg_network_rx` Nullable(Float64),
    `avg_network_tx` Nullable(Float64),
    `avg_gpu_power` Nullable(Float64),
    `max_gpu_power` Nullable(Float32),
    `gpu_energy` Nullable(Float64),
    `max_gpu_memory_temperature` Nullable(Float32),
    `avg_gpu_tensor_active` Nullable(Float64),
    `avg_gpu_dram_active` Nullable(Float64),
    `sample_count` UInt64,
    `gpu_utilization_count` UInt64,
    `gpu_memory_used_mb_count` UInt64,
    `gpu_temperature_count` UInt64,
    `cpu_utilization_count` UInt64,
    `memory_used_gb_count` UInt64,
    `network_rx_mbps_count` UInt64,
    `network_tx_mbps_count` UInt64,
    `gpu_power_w_count` UInt64,
    `gpu_energy_j_count` UInt64,
    `gpu_memory_temperature_count` UInt64,
    `gpu_tensor_active_count` UInt64,
    `gpu_dram_active_count` UInt64
)
AS SELECT
    hour,
    customer_id,
    instance_id,
    instance_type,
    if(sum(r.gpu_utilization_count) = 0, NULL, avgMerge(r.avg_gpu_util)) AS avg_gpu_util,
    if(sum(r.gpu_utilization_count) = 0, NULL, maxMerge(r.max_gpu_util)) AS max_gpu_util,
    if(sum(r.gpu_memory_used_mb_count) = 0, NULL, avgMerge(r.avg_gpu_memory)) AS avg_gpu_memory,
    if(sum(r.gpu_memory_used_mb_count) = 0, NULL, toFloat32(max(r.max_gpu_memory))) AS max_gpu_memory,
    if(sum(r.gpu_temperature_count) = 0, NULL, toFloat32(max(r.max_gpu_temperature))) AS max_gpu_temperature,
    if(sum(r.cpu_utilization_count) = 0, NULL, avgMerge(r.avg_cpu_util)) AS avg_cpu_util,
    if(sum(r.cpu_utilization_count) = 0, NULL, toFloat32(max(r.max_cpu_util))) AS max_cpu_util,
    if(sum(r.memory_used_gb_count) = 0, NULL, avgMerge(r.avg_memory)) AS avg_memory,
    if(sum(r.memory_used_gb_count) = 0, NULL, toFloat32(max(r.max_memory))) AS max_memory,
    if(sum(r.network_rx_mbps_count) = 0, NULL, avgMerge(r.avg_network_rx)) AS avg_network_rx,
    if(sum(r.network_tx_mbps_count) = 0, NULL, avgMerge(r.avg_network_tx)) AS avg_network_tx,
    if(sum(r.gpu_power_w_count) = 0, NULL, avgMerge(r.avg_gpu_power)) AS avg_gpu_power,
    if(sum(r.gpu_power_w_count) = 0, NULL, toFloat32(max(r.max_gpu_power))) AS max_gpu_power,
    if(sum(r.gpu_energy_j_count) = 0, NULL, sum(r.gpu_energy)) AS gpu_energy,
    if(sum(r.gpu_memory_temperature_count) = 0, NULL, toFloat32(max(r.max_gpu_memory_temperature))) AS max_gpu_memory_temperature,
    if(sum(r.gpu_tensor_active_count) = 0, NULL, avgMerge(r.avg_gpu_tensor_active)) AS avg_gpu_tensor_active,
    if(sum(r.gpu_dram_active_count) = 0, NULL, avgMerge(r.avg_gpu_dram_active)) AS avg_gpu_dram_active,
    sum(r.sample_count) AS sample_count,
    sum(r.gpu_utilization_count) AS gpu_utilization_count,
    sum(r.gpu_memory_used_mb_count) AS gpu_memory_used_mb_count,
    sum(r.gpu_temperature_count) AS gpu_temperature_count,
    sum(r.cpu_utilization_count) AS cpu_utilization_count,
    sum(r.memory_used_gb_count) AS memory_used_gb_count,
    sum(r.network_rx_mbps_count) AS network_rx_mbps_count,
    sum(r.network_tx_mbps_count) AS network_tx_mbps_count,
    sum(r.gpu_power_w_count) AS gpu_power_w_count,
    sum(r.gpu_energy_j_count) AS gpu_energy_j_count,
    sum(r.gpu_memory_temperature_count) AS gpu_memory_temperature_count,
    sum(r.gpu_tensor_active_count) AS gpu_tensor_active_count,
    sum(r.gpu_dram_active_count) AS gpu_dram_active_count
FROM optiinfra.resource_metrics_hourly AS r
GROUP BY
    hour,
    customer_id,
    instance_id,
    instance_type;

CREATE TABLE optiinfra.quality_metrics_ts
(
    `timestamp` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `service_id` UUID CODEC(ZSTD(1)),
    `request_id` UUID CODEC(ZSTD(1)),
    `model_name` LowCardinality(String) CODEC(ZSTD(1)),
    `relevance_score` Nullable(Float32) CODEC(ZSTD(3)),
    `coherence_score` Nullable(Float32) CODEC(ZSTD(3)),
    `factuality_score` Nullable(Float32) CODEC(ZSTD(3)),
    `hallucination_detected` Nullable(UInt8) CODEC(ZSTD(1)),
    `toxicity_score` Nullable(Float32) CODEC(ZSTD(3)),
    `overall_quality_score` Float32 DEFAULT nan CODEC(ZSTD(3)),
    `prompt_hash` String CODEC(ZSTD(1)),
    `latency_ms` Nullable(UInt32) CODEC(T64, ZSTD(1)),
    `evaluator` LowCardinality(String) CODEC(ZSTD(1)),
    `response_id` String CODEC(ZSTD(1)),
    `source` LowCardinality(String) CODEC(ZSTD(1)),
    `arrival_hour` DateTime('UTC') MATERIALIZED toStartOfHour(now('UTC')) CODEC(DoubleDelta, ZSTD(1)),
    `batch_id` UInt64 MATERIALIZED if(getSetting('insert_deduplication_token') = '', 0, sipHash64(getSetting('insert_deduplication_token'))) CODEC(ZSTD(1)),
    `generation` UInt32 MATERIALIZED 0 CODEC(ZSTD(1)),
    CONSTRAINT timestamp CHECK (timestamp >= toDateTime(946684800, 'UTC')) AND (timestamp <= (now() + 86400)),
    CONSTRAINT customer_id CHECK customer_id != toUUID('00000000-0000-0000-0000-000000000000'),
    CONSTRAINT service_id CHECK service_id != toUUID('00000000-0000-0000-0000-000000000000'),
    CONSTRAINT model_name CHECK length(model_name) <= 4096,
    CONSTRAINT relevance_score CHECK ifNull((relevance_score >= 0) AND (relevance_score <= 1), 1),
    CONSTRAINT coherence_score CHECK ifNull((coherence_score >= 0) AND (coherence_score <= 1), 1),
    CONSTRAINT factuality_score CHECK ifNull((factuality_score >= 0) AND (factuality_score <= 1), 1),
    CONSTRAINT hallucination_detected CHECK ifNull(hallucination_detected <= 1, 1),
    CONSTRAINT toxicity_score CHECK ifNull((toxicity_score >= 0) AND (toxicity_score <= 1), 1),
    CONSTRAINT overall_quality_score CHECK (overall_quality_score >= 0) AND (overall_quality_score <= 1),
    CONSTRAINT prompt_hash CHECK length(prompt_hash) <= 4096,
    CONSTRAINT evaluator CHECK length(evaluator) <= 4096,
    CONSTRAINT response_id CHECK length(response_id) <= 4096,
    CONSTRAINT source CHECK length(source) <= 4096
)
ENGINE = MergeTree
PARTITION BY toDate(timestamp)
ORDER BY (customer_id, service_id, timestamp)
TTL greatest(timestamp + toIntervalDay(30), arrival_hour + toIntervalDay(1))
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE optiinfra.quality_metrics_hourly
(
    `hour` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `service_id` UUID CODEC(ZSTD(1)),
    `model_name` LowCardinality(String) CODEC(ZSTD(1)),
    `avg_quality` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `min_quality` SimpleAggregateFunction(min, Float32) CODEC(ZSTD(1)),
    `avg_relevance` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `avg_coherence` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `avg_factuality` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `avg_toxicity` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `max_toxicity` SimpleAggregateFunction(max, Float32) DEFAULT -inf CODEC(ZSTD(1)),
    `avg_latency` AggregateFunction(avg, UInt32) CODEC(ZSTD(1)),
    `hallucination_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `request_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `relevance_score_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `coherence_score_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `factuality_score_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `toxicity_score_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `latency_ms_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `hallucination_detected_count` SimpleAggregateFunction(sum, UInt64) DEFAULT request_count CODEC(ZSTD(1)),
    `arrival_hour` SimpleAggregateFunction(min, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1)),
    `generation` UInt32 CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PRIMARY KEY (customer_id, service_id, hour, model_name)
ORDER BY (customer_id, service_id, hour, model_name, generation)
TTL greatest(hour + toIntervalDay(730), arrival_hour + toIntervalDay(1))
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW optiinfra.quality_metrics_hourly_mv TO optiinfra.quality_metrics_hourly
(
    `hour` DateTime('UTC'),
    `customer_id` UUID,
    `service_id` UUID,
    `model_name` LowCardinality(String),
    `avg_quality` AggregateFunction(avg, Float32),
    `min_quality` Float32,
    `avg_relevance` AggregateFunction(avg, Float32),
    `avg_coherence` AggregateFunction(avg, Float32),
    `avg_factuality` AggregateFunction(avg, Float32),
    `avg_toxicity` AggregateFunction(avg, Float32),
    `max_toxicity` Float32,
    `avg_latency` AggregateFunction(avg, UInt32),
    `hallucination_count` UInt64,
    `request_count` UInt64,
    `relevance_score_count` UInt64,
    `coherence_score_count` UInt64,
    `factuality_score_count` UInt64,
    `toxicity_score_count` UInt64,
    `latency_ms_count` UInt64,
    `hallucination_detected_count` UInt64,
    `arrival_hour` DateTime('UTC'),
    `generation` UInt32
)
AS SELECT
    toStartOfHour(r.timestamp) AS hour,
    customer_id,
    service_id,
    model_name,
    avgState(r.overall_quality_score) AS avg_quality,
    min(r.overall_quality_score) AS min_quality,
    avgStateIf(assumeNotNull(r.relevance_score), isNotNull(r.relevance_score)) AS avg_relevance,
    avgStateIf(assumeNotNull(r.coherence_score), isNotNull(r.coherence_score)) AS avg_coherence,
    avgStateIf(assumeNotNull(r.factuality_score), isNotNull(r.factuality_score)) AS avg_factuality,
    avgStateIf(assumeNotNull(r.toxicity_score), isNotNull(r.toxicity_score)) AS avg_toxicity,
    max(ifNull(r.toxicity_score, toFloat32(-inf))) AS max_toxicity,
    avgStateIf(assumeNotNull(r.latency_ms), isNotNull(r.latency_ms)) AS avg_latency,
    sum(ifNull(r.hallucination_detected, 0)) AS hallucination_count,
    count() AS request_count,
    count(r.relevance_score) AS relevance_score_count,
    count(r.coherence_score) AS coherence_score_count,
    count(r.factuality_score) AS factuality_score_count,
    count(r.toxicity_score) AS toxicity_score_count,
    count(r.latency_ms) AS latency_ms_count,
    count(r.hallucination_detected) AS hallucination_detected_count,
    min(r.arrival_hour) AS arrival_hour,
    min(r.generation) AS generation
FROM optiinfra.quality_metrics_ts AS r
GROUP BY
    hour,
    customer_id,
    service_id,
    model_name;

CREATE VIEW optiinfra.quality_hourly
(
    `hour` DateTime('UTC'),
    `customer_id` UUID,
    `service_id` UUID,
    `model_name` LowCardinality(String),
    `avg_quality` Float64,
    `min_quality` Float32,
    `avg_relevance` Nullable(Float64),
    `avg_coherence` Nullable(Float64),
    `avg_factuality` Nullable(Float64),
    `avg_toxicity` Nullable(Float64),
    `max_toxicity` Nullable(Float32),
    `avg_latency` Nullable(Float64),
    `hallucination_count` Nullable(UInt64),
    `request_count` UInt64,
    `relevance_score_count` UInt64,
    `coherence_score_count` UInt64,
    `factuality_score_count` UInt64,
    `toxicity_score_count` UInt64,
    `latency_ms_count` UInt64,
    `hallucination_detected_count` UInt64
)
AS SELECT
    hour,
    customer_id,
    service_id,
    model_name,
    avgMerge(r.avg_quality) AS avg_quality,
    toFloat32(min(r.min_quality)) AS min_quality,
    if(sum(r.relevance_score_count) = 0, NULL, avgMerge(r.avg_relevance)) AS avg_relevance,
    if(sum(r.coherence_score_count) = 0, NULL, avgMerge(r.avg_coherence)) AS avg_coherence,
    if(sum(r.factuality_score_count) = 0, NULL, avgMerge(r.avg_factuality)) AS avg_factuality,
    if(sum(r.toxicity_score_count) = 0, NULL, avgMerge(r.avg_toxicity)) AS avg_toxicity,
    if(sum(r.toxicity_score_count) = 0, NULL, toFloat32(max(r.max_toxicity))) AS max_toxicity,
    if(sum(r.latency_ms_count) = 0, NULL, avgMerge(r.avg_latency)) AS avg_latency,
    if(sum(r.hallucination_detected_count) = 0, NULL, sum(r.hallucination_count)) AS hallucination_count,
    sum(r.request_count) AS request_count,
    sum(r.relevance_score_count) AS relevance_score_count,
    sum(r.coherence_score_count) AS coherence_score_count,
    sum(r.factuality_score_count) AS factuality_score_count,
    sum(r.toxicity_score_count) AS toxicity_score_count,
    sum(r.latency_ms_count) AS latency_ms_count,
    sum(r.hallucination_detected_count) AS hallucination_detected_count
FROM optiinfra.quality_metrics_hourly AS r
GROUP BY
    hour,
    customer_id,
    service_id,
    model_name;
