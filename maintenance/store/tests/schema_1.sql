-- The objects of schema version 1, as that program's store showed them (SHOW CREATE TABLE).
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

CREATE TABLE optiinfra.schema_migrations
(
    `number` UInt32,
    `name` String,
    `applied_at` DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
ORDER BY number
SETTINGS index_granularity = 8192;

CREATE TABLE optiinfra.cost_metrics_ts
(
    `timestamp` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `cloud_provider` LowCardinality(String) CODEC(ZSTD(1)),
    `service_name` LowCardinality(String) CODEC(ZSTD(1)),
    `instance_id` LowCardinality(String) CODEC(ZSTD(1)),
    `instance_type` LowCardinality(String) CODEC(ZSTD(1)),
    `region` LowCardinality(String) CODEC(ZSTD(1)),
    `cost_per_hour` Float64 CODEC(ZSTD(1)),
    `utilization_percent` Float32 CODEC(ZSTD(1)),
    `is_spot` UInt8 CODEC(ZSTD(1)),
    `is_reserved` UInt8 CODEC(ZSTD(1)),
    `arrival_hour` DateTime('UTC') MATERIALIZED toStartOfHour(now('UTC')) CODEC(DoubleDelta, ZSTD(1)),
    CONSTRAINT finite CHECK isFinite(cost_per_hour) AND isFinite(utilization_percent)
)
ENGINE = MergeTree
PARTITION BY toDate(timestamp)
ORDER BY (customer_id, cloud_provider, timestamp)
TTL greatest(timestamp + toIntervalDay(90), arrival_hour + toIntervalDay(1))
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE optiinfra.cost_metrics_hourly
(
    `hour` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `cloud_provider` LowCardinality(String) CODEC(ZSTD(1)),
    `service_name` LowCardinality(String) CODEC(ZSTD(1)),
    `total_cost` SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    `spot_cost` SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    `reserved_cost` SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    `avg_utilization` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `min_utilization` SimpleAggregateFunction(min, Float32) CODEC(ZSTD(1)),
    `max_utilization` SimpleAggregateFunction(max, Float32) CODEC(ZSTD(1)),
    `sample_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `arrival_hour` SimpleAggregateFunction(min, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (customer_id, hour, cloud_provider, service_name)
TTL greatest(hour + toIntervalDay(730), arrival_hour + toIntervalDay(1))
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW optiinfra.cost_metrics_hourly_mv TO optiinfra.cost_metrics_hourly
(
    `hour` DateTime('UTC'),
    `customer_id` UUID,
    `cloud_provider` LowCardinality(String),
    `service_name` LowCardinality(String),
    `total_cost` Float64,
    `spot_cost` Float64,
    `reserved_cost` Float64,
    `avg_utilization` AggregateFunction(avg, Float32),
    `min_utilization` Float32,
    `max_utilization` Float32,
    `sample_count` UInt64,
    `arrival_hour` DateTime('UTC')
)
AS SELECT
    toStartOfHour(timestamp) AS hour,
    customer_id,
    cloud_provider,
    service_name,
    sum(cost_per_hour) AS total_cost,
    sum(cost_per_hour * is_spot) AS spot_cost,
    sum(cost_per_hour * is_reserved) AS reserved_cost,
    avgState(utilization_percent) AS avg_utilization,
    min(utilization_percent) AS min_utilization,
    max(utilization_percent) AS max_utilization,
    count() AS sample_count,
    min(arrival_hour) AS arrival_hour
FROM optiinfra.cost_metrics_ts
GROUP BY
    hour,
    customer_id,
    cloud_provider,
    service_name;

CREATE VIEW optiinfra.cost_hourly
(
    `hour` DateTime('UTC'),
    `customer_id` UUID,
    `cloud_provider` LowCardinality(String),
    `service_name` LowCardinality(String),
    `total_cost` Float64,
    `spot_cost` Float64,
    `reserved_cost` Float64,
    `avg_utilization` Float64,
    `min_utilization` Float32,
    `max_utilization` Float32,
    `sample_count` UInt64
)
AS SELECT
    hour,
    customer_id,
    cloud_provider,
    service_name,
    sum(r.total_cost) AS total_cost,
    sum(r.spot_cost) AS spot_cost,
    sum(r.reserved_cost) AS reserved_cost,
    avgMerge(r.avg_utilization) AS avg_utilization,
    toFloat32(min(r.min_utilization)) AS min_utilization,
    toFloat32(max(r.max_utilization)) AS max_utilization,
    sum(r.sample_count) AS sample_count
FROM optiinfra.cost_metrics_hourly AS r
GROUP BY
    hour,
    customer_id,
    cloud_provider,
    service_name;

CREATE TABLE optiinfra.performance_metrics_ts
(
    `timestamp` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `service_id` UUID CODEC(ZSTD(1)),
    `service_type` LowCardinality(String) CODEC(ZSTD(1)),
    `model_name` LowCardinality(String) CODEC(ZSTD(1)),
    `request_id` UUID CODEC(ZSTD(1)),
    `latency_ms` Float32 CODEC(ZSTD(1)),
    `throughput_tokens_per_sec` Float32 CODEC(ZSTD(1)),
    `gpu_utilization` Float32 CODEC(ZSTD(1)),
    `kv_cache_utilization` Float32 CODEC(ZSTD(1)),
    `batch_size` UInt32 CODEC(T64, ZSTD(1)),
    `prompt_tokens` UInt32 CODEC(T64, ZSTD(1)),
    `completion_tokens` UInt32 CODEC(T64, ZSTD(1)),
    `total_tokens` UInt32 CODEC(T64, ZSTD(1)),
    `arrival_hour` DateTime('UTC') MATERIALIZED toStartOfHour(now('UTC')) CODEC(DoubleDelta, ZSTD(1)),
    CONSTRAINT finite CHECK isFinite(latency_ms) AND isFinite(throughput_tokens_per_sec) AND isFinite(gpu_utilization) AND isFinite(kv_cache_utilization)
)
ENGINE = MergeTree
PARTITION BY toDate(timestamp)
ORDER BY (customer_id, service_id, timestamp)
TTL greatest(timestamp + toIntervalDay(30), arrival_hour + toIntervalDay(1))
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

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
    `request_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `arrival_hour` SimpleAggregateFunction(min, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (customer_id, service_id, hour, service_type, model_name)
TTL greatest(hour + toIntervalDay(730), arrival_hour + toIntervalDay(1))
SETTINGS index_granularity = 256, non_replicated_deduplication_window = 10000;

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
    `request_count` UInt64,
    `arrival_hour` DateTime('UTC')
)
AS SELECT
    toStartOfHour(timestamp) AS hour,
    customer_id,
    service_id,
    service_type,
    model_name,
    avgState(latency_ms) AS avg_latency,
    min(latency_ms) AS min_latency,
    max(latency_ms) AS max_latency,
    quantilesDDState(0.01, 0.5, 0.9, 0.95, 0.99)(latency_ms * 1000000) AS latency_ns_quantiles,
    avgState(throughput_tokens_per_sec) AS avg_throughput,
    avgState(gpu_utilization) AS avg_gpu_util,
    avgState(kv_cache_utilization) AS avg_kv_cache_util,
    avgState(batch_size) AS avg_batch_size,
    sum(prompt_tokens) AS prompt_tokens,
    sum(completion_tokens) AS completion_tokens,
    sum(total_tokens) AS total_tokens,
    count() AS request_count,
    min(arrival_hour) AS arrival_hour
FROM optiinfra.performance_metrics_ts
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
    `avg_throughput` Float64,
    `avg_gpu_util` Float64,
    `avg_kv_cache_util` Float64,
    `avg_batch_size` Float64,
    `prompt_tokens` UInt64,
    `completion_tokens` UInt64,
    `total_tokens` UInt64,
    `request_count` UInt64
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
    avgMerge(r.avg_throughput) AS avg_throughput,
    avgMerge(r.avg_gpu_util) AS avg_gpu_util,
    avgMerge(r.avg_kv_cache_util) AS avg_kv_cache_util,
    avgMerge(r.avg_batch_size) AS avg_batch_size,
    sum(r.prompt_tokens) AS prompt_tokens,
    sum(r.completion_tokens) AS completion_tokens,
    sum(r.total_tokens) AS total_tokens,
    sum(r.request_count) AS request_count
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
    `gpu_utilization` Float32 CODEC(ZSTD(1)),
    `gpu_memory_used_mb` Float32 CODEC(ZSTD(1)),
    `gpu_memory_total_mb` Float32 CODEC(ZSTD(1)),
    `gpu_temperature` Float32 CODEC(ZSTD(1)),
    `cpu_utilization` Float32 CODEC(ZSTD(1)),
    `memory_used_gb` Float32 CODEC(ZSTD(1)),
    `memory_total_gb` Float32 CODEC(ZSTD(1)),
    `network_rx_mbps` Float32 CODEC(ZSTD(1)),
    `network_tx_mbps` Float32 CODEC(ZSTD(1)),
    `arrival_hour` DateTime('UTC') MATERIALIZED toStartOfHour(now('UTC')) CODEC(DoubleDelta, ZSTD(1)),
    CONSTRAINT finite CHECK isFinite(gpu_utilization) AND isFinite(gpu_memory_used_mb) AND isFinite(gpu_memory_total_mb) AND isFinite(gpu_temperature) AND isFinite(cpu_utilization) AND isFinite(memory_used_gb) AND isFinite(memory_total_gb) AND isFinite(network_rx_mbps) AND isFinite(network_tx_mbps)
)
ENGINE = MergeTree
PARTITION BY toDate(timestamp)
ORDER BY (customer_id, instance_id, timestamp, gpu_index)
TTL greatest(timestamp + toIntervalDay(90), arrival_hour + toIntervalDay(1))
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE optiinfra.resource_metrics_hourly
(
    `hour` DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    `customer_id` UUID CODEC(ZSTD(1)),
    `instance_id` LowCardinality(String) CODEC(ZSTD(1)),
    `instance_type` LowCardinality(String) CODEC(ZSTD(1)),
    `avg_gpu_util` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `max_gpu_util` AggregateFunction(max, Float32) CODEC(ZSTD(1)),
    `avg_gpu_memory` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `max_gpu_memory` SimpleAggregateFunction(max, Float32) CODEC(ZSTD(1)),
    `max_gpu_temperature` SimpleAggregateFunction(max, Float32) CODEC(ZSTD(1)),
    `avg_cpu_util` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `max_cpu_util` SimpleAggregateFunction(max, Float32) CODEC(ZSTD(1)),
    `avg_memory` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `max_memory` SimpleAggregateFunction(max, Float32) CODEC(ZSTD(1)),
    `avg_network_rx` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `avg_network_tx` AggregateFunction(avg, Float32) CODEC(ZSTD(1)),
    `sample_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `arrival_hour` SimpleAggregateFunction(min, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (customer_id, instance_id, hour, instance_type)
TTL greatest(hour + toIntervalDay(730), arrival_hour + toIntervalDay(1))
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000;

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
    `sample_count` UInt64,
    `arrival_hour` DateTime('UTC')
)
AS SELECT
    toStartOfHour(timestamp) AS hour,
    customer_id,
    instance_id,
    instance_type,
    avgState(gpu_utilization) AS avg_gpu_util,
    maxState(gpu_utilization) AS max_gpu_util,
    avgState(gpu_memory_used_mb) AS avg_gpu_memory,
    max(gpu_memory_used_mb) AS max_gpu_memory,
    max(gpu_temperature) AS max_gpu_temperature,
    avgState(cpu_utilization) AS avg_cpu_util,
    max(cpu_utilization) AS max_cpu_util,
    avgState(memory_used_gb) AS avg_memory,
    max(memory_used_gb) AS max_memory,
    avgState(network_rx_mbps) AS avg_network_rx,
    avgState(network_tx_mbps) AS avg_network_tx,
    count() AS sample_count,
    min(arrival_hour) AS arrival_hour
FROM optiinfra.resource_metrics_ts
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
    `avg_gpu_util` Float64,
    `max_gpu_util` Float32,
    `avg_gpu_memory` Float64,
    `max_gpu_memory` Float32,
    `max_gpu_temperature` Float32,
    `avg_cpu_util` Float64,
    `max_cpu_util` Float32,
    `avg_memory` Float64,
    `max_memory` Float32,
    `avg_network_rx` Float64,
    `avg_network_tx` Float64,
    `sample_count` UInt64
)
AS SELECT
    hour,
    customer_id,
    instance_id,
    instance_type,
    avgMerge(r.avg_gpu_util) AS avg_gpu_util,
    maxMerge(r.max_gpu_util) AS max_gpu_util,
    avgMerge(r.avg_gpu_memory) AS avg_gpu_memory,
    toFloat32(max(r.max_gpu_memory)) AS max_gpu_memory,
    toFloat32(max(r.max_gpu_temperature)) AS max_gpu_temperature,
    avgMerge(r.avg_cpu_util) AS avg_cpu_util,
    toFloat32(max(r.max_cpu_util)) AS max_cpu_util,
    avgMerge(r.avg_memory) AS avg_memory,
    toFloat32(max(r.max_memory)) AS max_memory,
    avgMerge(r.avg_network_rx) AS avg_network_rx,
    avgMerge(r.avg_network_tx) AS avg_network_tx,
    sum(r.sample_count) AS sample_count
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
    `relevance_score` Float32 CODEC(ZSTD(3)),
    `coherence_score` Float32 CODEC(ZSTD(3)),
    `factuality_score` Float32 CODEC(ZSTD(3)),
    `hallucination_detected` UInt8 CODEC(ZSTD(1)),
    `toxicity_score` Float32 CODEC(ZSTD(3)),
    `overall_quality_score` Float32 CODEC(ZSTD(3)),
    `prompt_hash` String CODEC(ZSTD(1)),
    `latency_ms` UInt32 CODEC(T64, ZSTD(1)),
    `arrival_hour` DateTime('UTC') MATERIALIZED toStartOfHour(now('UTC')) CODEC(DoubleDelta, ZSTD(1)),
    CONSTRAINT finite CHECK isFinite(relevance_score) AND isFinite(coherence_score) AND isFinite(factuality_score) AND isFinite(toxicity_score) AND isFinite(overall_quality_score)
)
ENGINE = MergeTree
PARTITION BY toDate(timestamp)
ORDER BY (customer_id, service_id, timestamp)
TTL greatest(timestamp + toIntervalDay(30), arrival_hour + toIntervalDay(1))
SETTINGS ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

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
    `max_toxicity` SimpleAggregateFunction(max, Float32) CODEC(ZSTD(1)),
    `avg_latency` AggregateFunction(avg, UInt32) CODEC(ZSTD(1)),
    `hallucination_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `request_count` SimpleAggregateFunction(sum, UInt64) CODEC(ZSTD(1)),
    `arrival_hour` SimpleAggregateFunction(min, DateTime('UTC')) CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (customer_id, service_id, hour, model_name)
TTL greatest(hour + toIntervalDay(730), arrival_hour + toIntervalDay(1))
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000;

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
    `arrival_hour` DateTime('UTC')
)
AS SELECT
    toStartOfHour(timestamp) AS hour,
    customer_id,
    service_id,
    model_name,
    avgState(overall_quality_score) AS avg_quality,
    min(overall_quality_score) AS min_quality,
    avgState(relevance_score) AS avg_relevance,
    avgState(coherence_score) AS avg_coherence,
    avgState(factuality_score) AS avg_factuality,
    avgState(toxicity_score) AS avg_toxicity,
    max(toxicity_score) AS max_toxicity,
    avgState(latency_ms) AS avg_latency,
    sum(hallucination_detected) AS hallucination_count,
    count() AS request_count,
    min(arrival_hour) AS arrival_hour
FROM optiinfra.quality_metrics_ts
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
    `avg_relevance` Float64,
    `avg_coherence` Float64,
    `avg_factuality` Float64,
    `avg_toxicity` Float64,
    `max_toxicity` Float32,
    `avg_latency` Float64,
    `hallucination_count` UInt64,
    `request_count` UInt64
)
AS SELECT
    hour,
    customer_id,
    service_id,
    model_name,
    avgMerge(r.avg_quality) AS avg_quality,
    toFloat32(min(r.min_quality)) AS min_quality,
    avgMerge(r.avg_relevance) AS avg_relevance,
    avgMerge(r.avg_coherence) AS avg_coherence,
    avgMerge(r.avg_factuality) AS avg_factuality,
    avgMerge(r.avg_toxicity) AS avg_toxicity,
    toFloat32(max(r.max_toxicity)) AS max_toxicity,
    avgMerge(r.avg_latency) AS avg_latency,
    sum(r.hallucination_count) AS hallucination_count,
    sum(r.request_count) AS request_count
FROM optiinfra.quality_metrics_hourly AS r
GROUP BY
    hour,
    customer_id,
    service_id,
    model_name;

