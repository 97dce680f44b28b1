-- Over a cluster's shards, as the program of schema version 4 made them (--no-replication): each shard has the
-- objects of maintenance/store/tests/schema_4.sql in optiinfra_shard.
CREATE TABLE optiinfra.cluster_layouts
(
    layout String,
    recorded_at DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
ORDER BY recorded_at;

CREATE TABLE optiinfra.import_ledger
(
    import_id UUID,
    family LowCardinality(String),
    path String,
    block UInt64,
    rows UInt64,
    refused UInt64,
    finished UInt8,
    recorded_at DateTime('UTC')
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'import_ledger', xxHash64(toString(import_id)));

CREATE TABLE optiinfra.copy_ledger
(
    source_id UUID,
    family LowCardinality(String),
    tier LowCardinality(String),
    day String,
    blocks UInt64,
    rows UInt64,
    hash_sum UInt64,
    block_rows UInt64,
    finished UInt8,
    recorded_at DateTime64(6, 'UTC')
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'copy_ledger', xxHash64(toString(source_id)));

CREATE TABLE optiinfra.cost_metrics_ts
(
    timestamp DateTime('UTC'),
    customer_id UUID,
    cloud_provider LowCardinality(String),
    service_name LowCardinality(String),
    instance_id LowCardinality(String),
    instance_type LowCardinality(String),
    region LowCardinality(String),
    cost_per_hour Float64,
    utilization_percent Float32,
    is_spot UInt8,
    is_reserved UInt8
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'cost_metrics_ts', xxHash64(concat(toString(customer_id), '/', service_name)));

CREATE TABLE optiinfra.cost_metrics_hourly
(
    hour DateTime('UTC'),
    customer_id UUID,
    cloud_provider LowCardinality(String),
    service_name LowCardinality(String),
    total_cost SimpleAggregateFunction(sum, Float64),
    spot_cost SimpleAggregateFunction(sum, Float64),
    reserved_cost SimpleAggregateFunction(sum, Float64),
    avg_utilization AggregateFunction(avg, Float32),
    min_utilization SimpleAggregateFunction(min, Float32),
    max_utilization SimpleAggregateFunction(max, Float32),
    sample_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'cost_metrics_hourly', xxHash64(concat(toString(customer_id), '/', service_name)));

CREATE TABLE optiinfra.cost_metrics_hourly_mv
(
    hour DateTime('UTC'),
    customer_id UUID,
    cloud_provider LowCardinality(String),
    service_name LowCardinality(String),
    total_cost SimpleAggregateFunction(sum, Float64),
    spot_cost SimpleAggregateFunction(sum, Float64),
    reserved_cost SimpleAggregateFunction(sum, Float64),
    avg_utilization AggregateFunction(avg, Float32),
    min_utilization SimpleAggregateFunction(min, Float32),
    max_utilization SimpleAggregateFunction(max, Float32),
    sample_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'cost_metrics_hourly_mv', xxHash64(concat(toString(customer_id), '/', service_name)));

CREATE VIEW optiinfra.cost_hourly AS
SELECT hour, customer_id, cloud_provider, service_name,
    sum(r.total_cost) AS total_cost,
    sum(r.spot_cost) AS spot_cost,
    sum(r.reserved_cost) AS reserved_cost,
    avgMerge(r.avg_utilization) AS avg_utilization,
    toFloat32(min(r.min_utilization)) AS min_utilization,
    toFloat32(max(r.max_utilization)) AS max_utilization,
    sum(r.sample_count) AS sample_count
FROM optiinfra.cost_metrics_hourly AS r
GROUP BY hour, customer_id, cloud_provider, service_name;

CREATE TABLE optiinfra.performance_metrics_ts
(
    timestamp DateTime('UTC'),
    customer_id UUID,
    service_id UUID,
    service_type LowCardinality(String),
    model_name LowCardinality(String),
    request_id UUID,
    latency_ms Float32,
    throughput_tokens_per_sec Float32,
    gpu_utilization Float32,
    kv_cache_utilization Float32,
    batch_size UInt32,
    prompt_tokens UInt32,
    completion_tokens UInt32,
    total_tokens UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'performance_metrics_ts', xxHash64(concat(toString(customer_id), '/', toString(service_id))));

CREATE TABLE optiinfra.performance_metrics_hourly
(
    hour DateTime('UTC'),
    customer_id UUID,
    service_id UUID,
    service_type LowCardinality(String),
    model_name LowCardinality(String),
    avg_latency AggregateFunction(avg, Float32),
    min_latency SimpleAggregateFunction(min, Float32),
    max_latency SimpleAggregateFunction(max, Float32),
    latency_ns_quantiles AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64),
    avg_throughput AggregateFunction(avg, Float32),
    avg_gpu_util AggregateFunction(avg, Float32),
    avg_kv_cache_util AggregateFunction(avg, Float32),
    avg_batch_size AggregateFunction(avg, UInt32),
    prompt_tokens SimpleAggregateFunction(sum, UInt64),
    completion_tokens SimpleAggregateFunction(sum, UInt64),
    total_tokens SimpleAggregateFunction(sum, UInt64),
    request_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'performance_metrics_hourly', xxHash64(concat(toString(customer_id), '/', toString(service_id))));

CREATE TABLE optiinfra.performance_metrics_hourly_mv
(
    hour DateTime('UTC'),
    customer_id UUID,
    service_id UUID,
    service_type LowCardinality(String),
    model_name LowCardinality(String),
    avg_latency AggregateFunction(avg, Float32),
    min_latency SimpleAggregateFunction(min, Float32),
    max_latency SimpleAggregateFunction(max, Float32),
    latency_ns_quantiles AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64),
    avg_throughput AggregateFunction(avg, Float32),
    avg_gpu_util AggregateFunction(avg, Float32),
    avg_kv_cache_util AggregateFunction(avg, Float32),
    avg_batch_size AggregateFunction(avg, UInt32),
    prompt_tokens SimpleAggregateFunction(sum, UInt64),
    completion_tokens SimpleAggregateFunction(sum, UInt64),
    total_tokens SimpleAggregateFunction(sum, UInt64),
    request_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'performance_metrics_hourly_mv', xxHash64(concat(toString(customer_id), '/', toString(service_id))));

CREATE VIEW optiinfra.performance_hourly AS
SELECT hour, customer_id, service_id, service_type, model_name,
    avgMerge(r.avg_latency) AS avg_latency,
    toFloat32(min(r.min_latency)) AS min_latency,
    toFloat32(max(r.max_latency)) AS max_latency,
    quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ns_quantiles)[1] / 1000000 AS p50_latency,
    quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ns_quantiles)[2] / 1000000 AS p90_latency,
    quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ns_quantiles)[3] / 1000000 AS p95_latency,
    quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ns_quantiles)[4] / 1000000 AS p99_latency,
    avgMerge(r.avg_throughput) AS avg_throughput,
    avgMerge(r.avg_gpu_util) AS avg_gpu_util,
    avgMerge(r.avg_kv_cache_util) AS avg_kv_cache_util,
    avgMerge(r.avg_batch_size) AS avg_batch_size,
    sum(r.prompt_tokens) AS prompt_tokens,
    sum(r.completion_tokens) AS completion_tokens,
    sum(r.total_tokens) AS total_tokens,
    sum(r.request_count) AS request_count
FROM optiinfra.performance_metrics_hourly AS r
GROUP BY hour, customer_id, service_id, service_type, model_name;

CREATE TABLE optiinfra.resource_metrics_ts
(
    timestamp DateTime('UTC'),
    customer_id UUID,
    instance_id LowCardinality(String),
    instance_type LowCardinality(String),
    gpu_index UInt8,
    gpu_utilization Float32,
    gpu_memory_used_mb Float32,
    gpu_memory_total_mb Float32,
    gpu_temperature Float32,
    cpu_utilization Float32,
    memory_used_gb Float32,
    memory_total_gb Float32,
    network_rx_mbps Float32,
    network_tx_mbps Float32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'resource_metrics_ts', xxHash64(concat(toString(customer_id), '/', instance_id)));

CREATE TABLE optiinfra.resource_metrics_hourly
(
    hour DateTime('UTC'),
    customer_id UUID,
    instance_id LowCardinality(String),
    instance_type LowCardinality(String),
    avg_gpu_util AggregateFunction(avg, Float32),
    max_gpu_util AggregateFunction(max, Float32),
    avg_gpu_memory AggregateFunction(avg, Float32),
    max_gpu_memory SimpleAggregateFunction(max, Float32),
    max_gpu_temperature SimpleAggregateFunction(max, Float32),
    avg_cpu_util AggregateFunction(avg, Float32),
    max_cpu_util SimpleAggregateFunction(max, Float32),
    avg_memory AggregateFunction(avg, Float32),
    max_memory SimpleAggregateFunction(max, Float32),
    avg_network_rx AggregateFunction(avg, Float32),
    avg_network_tx AggregateFunction(avg, Float32),
    sample_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'resource_metrics_hourly', xxHash64(concat(toString(customer_id), '/', instance_id)));

CREATE TABLE optiinfra.resource_metrics_hourly_mv
(
    hour DateTime('UTC'),
    customer_id UUID,
    instance_id LowCardinality(String),
    instance_type LowCardinality(String),
    avg_gpu_util AggregateFunction(avg, Float32),
    max_gpu_util AggregateFunction(max, Float32),
    avg_gpu_memory AggregateFunction(avg, Float32),
    max_gpu_memory SimpleAggregateFunction(max, Float32),
    max_gpu_temperature SimpleAggregateFunction(max, Float32),
    avg_cpu_util AggregateFunction(avg, Float32),
    max_cpu_util SimpleAggregateFunction(max, Float32),
    avg_memory AggregateFunction(avg, Float32),
    max_memory SimpleAggregateFunction(max, Float32),
    avg_network_rx AggregateFunction(avg, Float32),
    avg_network_tx AggregateFunction(avg, Float32),
    sample_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'resource_metrics_hourly_mv', xxHash64(concat(toString(customer_id), '/', instance_id)));

CREATE VIEW optiinfra.resource_hourly AS
SELECT hour, customer_id, instance_id, instance_type,
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
GROUP BY hour, customer_id, instance_id, instance_type;

CREATE TABLE optiinfra.quality_metrics_ts
(
    timestamp DateTime('UTC'),
    customer_id UUID,
    service_id UUID,
    request_id UUID,
    model_name LowCardinality(String),
    relevance_score Float32,
    coherence_score Float32,
    factuality_score Float32,
    hallucination_detected UInt8,
    toxicity_score Float32,
    overall_quality_score Float32,
    prompt_hash String,
    latency_ms UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'quality_metrics_ts', xxHash64(concat(toString(customer_id), '/', toString(service_id))));

CREATE TABLE optiinfra.quality_metrics_hourly
(
    hour DateTime('UTC'),
    customer_id UUID,
    service_id UUID,
    model_name LowCardinality(String),
    avg_quality AggregateFunction(avg, Float32),
    min_quality SimpleAggregateFunction(min, Float32),
    avg_relevance AggregateFunction(avg, Float32),
    avg_coherence AggregateFunction(avg, Float32),
    avg_factuality AggregateFunction(avg, Float32),
    avg_toxicity AggregateFunction(avg, Float32),
    max_toxicity SimpleAggregateFunction(max, Float32),
    avg_latency AggregateFunction(avg, UInt32),
    hallucination_count SimpleAggregateFunction(sum, UInt64),
    request_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'quality_metrics_hourly', xxHash64(concat(toString(customer_id), '/', toString(service_id))));

CREATE TABLE optiinfra.quality_metrics_hourly_mv
(
    hour DateTime('UTC'),
    customer_id UUID,
    service_id UUID,
    model_name LowCardinality(String),
    avg_quality AggregateFunction(avg, Float32),
    min_quality SimpleAggregateFunction(min, Float32),
    avg_relevance AggregateFunction(avg, Float32),
    avg_coherence AggregateFunction(avg, Float32),
    avg_factuality AggregateFunction(avg, Float32),
    avg_toxicity AggregateFunction(avg, Float32),
    max_toxicity SimpleAggregateFunction(max, Float32),
    avg_latency AggregateFunction(avg, UInt32),
    hallucination_count SimpleAggregateFunction(sum, UInt64),
    request_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'quality_metrics_hourly_mv', xxHash64(concat(toString(customer_id), '/', toString(service_id))));

CREATE VIEW optiinfra.quality_hourly AS
SELECT hour, customer_id, service_id, model_name,
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
GROUP BY hour, customer_id, service_id, model_name;
