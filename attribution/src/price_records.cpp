#include "price_records.hpp"

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/money_tables.hpp"

namespace optiinfra::attribution {
namespace {

/// On a cluster the table is Distributed, which else answers before the row is stored.
const std::vector<NamedValue> kPriceInsertSettings = {{"distributed_foreground_insert", "1"}};

}  // namespace

Result<std::vector<PriceRecord>> read_price_records(Session& session) {
  std::vector<PriceRecord> records;
  const Statement statement{
      .sql =
          "SELECT CAST(provider, 'String'), sku, CAST(region, 'String'), CAST(tier, 'String'), "
          "CAST(unit, 'String'), price, CAST(currency, 'String'), toUInt32(toUnixTimestamp(valid_from)), "
          "toUInt32(toUnixTimestamp(valid_to)), source, toUnixTimestamp64Micro(set_at), is_removed FROM " +
          qualified(session.database(), store::kPriceTable)};
  auto asked = session.query(statement, [&](const Block& block) {
    const auto text = [&](std::size_t column, std::size_t row) {
      return std::string((*block.values<Strings>(column))[row]);
    };
    const auto time = [&](std::size_t column, std::size_t row) {
      return sys_seconds{std::chrono::seconds{(*block.values<std::vector<std::uint32_t>>(column))[row]}};
    };
    for (std::size_t i = 0; i < block.row_count(); ++i) {
      const auto unit = parse_price_unit(text(4, i));
      if (!unit) continue;  // A unit of a newer program.
      records.push_back({.price = {.provider = text(0, i),
                                   .sku = text(1, i),
                                   .region = text(2, i),
                                   .tier = text(3, i),
                                   .unit = *unit,
                                   .price = (*block.values<std::vector<double>>(5))[i],
                                   .currency = text(6, i),
                                   .valid_from = time(7, i),
                                   .valid_to = time(8, i),
                                   .source = text(9, i)},
                         .set_at_us = (*block.values<std::vector<std::int64_t>>(10))[i],
                         .is_removed = (*block.values<std::vector<std::uint8_t>>(11))[i] != 0});
    }
    return records.size() <= kPriceRecordsMax;
  });
  if (!asked) return with_context(std::move(asked).error(), "the price book");
  if (records.size() <= kPriceRecordsMax) return records;
  return Error{ErrorKind::kTooLarge,
               "the price book has more than " + std::to_string(kPriceRecordsMax) + " records"};
}

Result<void> insert_price_records(Session& session, std::span<const PriceRecord> records) {
  if (records.empty()) return {};
  Dictionary providers, regions, tiers, units, currencies;
  Strings skus, sources;
  std::vector<double> prices;
  std::vector<std::uint32_t> begins, ends;
  std::vector<std::int64_t> times;
  std::vector<std::uint8_t> removed;
  for (const auto& [price, set_at_us, is_removed] : records) {
    providers.append(price.provider);
    skus.append(price.sku);
    regions.append(price.region);
    tiers.append(price.tier);
    units.append(to_string(price.unit));
    prices.push_back(price.price);
    currencies.append(price.currency);
    begins.push_back(to_column_time(price.valid_from));
    ends.push_back(to_column_time(price.valid_to));
    sources.append(price.source);
    times.push_back(set_at_us);
    removed.push_back(is_removed ? 1 : 0);
  }
  constexpr const char* kLabel = "LowCardinality(String)";
  Block block;
  block.add({"provider", kLabel, std::move(providers)});
  block.add({"sku", "String", std::move(skus)});
  block.add({"region", kLabel, std::move(regions)});
  block.add({"tier", kLabel, std::move(tiers)});
  block.add({"unit", kLabel, std::move(units)});
  block.add({"price", "Float64", std::move(prices)});
  block.add({"currency", kLabel, std::move(currencies)});
  block.add({"valid_from", "DateTime('UTC')", std::move(begins)});
  block.add({"valid_to", "DateTime('UTC')", std::move(ends)});
  block.add({"source", "String", std::move(sources)});
  block.add({"set_at", "DateTime64(6, 'UTC')", std::move(times)});
  block.add({"is_removed", "UInt8", std::move(removed)});
  auto inserted = session.insert({.table = qualified(session.database(), store::kPriceTable),
                                  .deduplication_token = {},
                                  .settings = kPriceInsertSettings},
                                 block);
  if (!inserted) return with_context(std::move(inserted).error(), "the price book");
  return {};
}

}  // namespace optiinfra::attribution
