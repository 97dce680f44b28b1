#include "engine_alone.hpp"

#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/batch.hpp"
#include "optiinfra/transport/session.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "parallel.hpp"

namespace optiinfra::benchmark {
namespace {

std::string source_of(std::string_view database, std::size_t index) {
  return qualified(database, "engine_alone_" + std::to_string(index));
}

std::string columns_of(const TableDefinition& table) {
  std::string names;
  for (const ColumnDefinition& column : table.columns())
    names += (names.empty() ? "" : ", ") + std::string(column.name);
  return names;
}

std::string key_of(const TableDefinition& table) {
  std::string names;
  for (const char* column : table.raw_key) names += (names.empty() ? "" : ", ") + std::string(column);
  return names;
}

Block block_of_any(const AnyBatch& batch) {
  return with_rows(batch, []<typename Row>(const auto& rows) { return block_of<Row>(rows); });
}

ColumnData copy_of(const ColumnData& data) {
  return std::visit(
      [](const auto& values) -> ColumnData {
        if constexpr (requires { values->null; }) {
          return std::make_unique<Nullable>(Nullable{values->null, copy_of(values->values)});
        } else {
          return values;
        }
      },
      data);
}

Block copy_of(const Block& block) {
  Block copy;
  for (const Column& column : block.columns()) copy.add({column.name, column.type, copy_of(column.data)});
  return copy;
}

Result<void> prepare(Session& session, const AnyBatch& batch, std::size_t index) {
  const TableDefinition& table = table_of(family_of(batch));
  const std::string source = source_of(session.database(), index), unsorted = source + "_unsorted";
  const std::string columns = columns_of(table);
  OPTIINFRA_CHECK(
      session.execute({.sql = "CREATE TABLE " + unsorted + " ENGINE = Memory AS SELECT " + columns +
                              " FROM " + qualified(session.database(), table.raw_table) + " WHERE 0"}));
  OPTIINFRA_CHECK(done(session.insert({.table = unsorted}, block_of_any(batch))));
  OPTIINFRA_CHECK(session.execute({.sql = "CREATE TABLE " + source + " ENGINE = Memory AS SELECT " + columns +
                                          " FROM " + unsorted + " ORDER BY " + key_of(table),
                                   .settings = {{"max_block_size", std::to_string(kInsertRowsMax)}}}));
  return session.execute({.sql = "DROP TABLE " + unsorted + " SYNC"});
}

InsertStatement insert_like_a_client(Session& session, const AnyBatch& batch) {
  const TableDefinition& table = table_of(family_of(batch));
  return store::tokened_insert(qualified(session.database(), table.raw_table), Uuid::random().to_string());
}

Result<void> insert_one(Session& session, const AnyBatch& batch, std::size_t index) {
  const TableDefinition& table = table_of(family_of(batch));
  const std::string columns = columns_of(table);
  InsertStatement like = insert_like_a_client(session, batch);
  Statement statement{.sql = "INSERT INTO " + like.table + " (" + columns + ") SELECT " + columns + " FROM " +
                             source_of(session.database(), index),
                      .settings = std::move(like.settings)};
  statement.settings.insert(statement.settings.end(),
                            {{"insert_deduplication_token", like.deduplication_token},
                             {"max_threads", "1"},
                             {"max_block_size", std::to_string(kInsertRowsMax)},
                             {"min_insert_block_size_rows", std::to_string(kInsertRowsMax)},
                             {"min_insert_block_size_bytes", "0"}});
  return session.execute(statement);
}

}  // namespace

Result<void> prepare_engine_alone(Client& client, const RowSet& set) {
  return client.with_session([&](Session& session) -> Result<void> {
    for (std::size_t index = 0; index < set.batches.size(); ++index)
      OPTIINFRA_CHECK(prepare(session, set.batches[index], index));
    return {};
  });
}

Result<void> insert_by_engine_alone(Client& client, const RowSet& set, unsigned threads) {
  return in_parallel(threads, set.batches.size(), [&](std::size_t index) {
    return client.with_session(
        [&](Session& session) { return insert_one(session, set.batches[index], index); });
  });
}

Result<std::vector<Block>> ready_blocks(Client& client, const RowSet& set) {
  std::vector<Block> blocks(set.batches.size());
  const auto read_all = [&](Session& session) -> Result<void> {
    for (std::size_t index = 0; index < blocks.size(); ++index) {
      const Statement whole{.sql = "SELECT * FROM " + source_of(session.database(), index),
                            .settings = {{"max_threads", "1"},
                                         {"max_block_size", std::to_string(kInsertRowsMax)},
                                         {"preferred_block_size_bytes", "0"}}};
      OPTIINFRA_CHECK(done(session.query(whole, [&](const Block& block) {
        if (!block.empty()) blocks[index] = copy_of(block);
        return true;
      })));
      if (blocks[index].row_count() != size_of(set.batches[index]))
        return Error{ErrorKind::kCorrupt, "the engine cut a block of its memory into several"};
    }
    return {};
  };
  OPTIINFRA_CHECK(client.with_session(read_all));
  return blocks;
}

Result<void> insert_ready_blocks(Client& client, const RowSet& set, const std::vector<Block>& blocks,
                                 unsigned threads) {
  return in_parallel(threads, blocks.size(), [&](std::size_t index) {
    return client.with_session([&](Session& session) {
      return done(session.insert(insert_like_a_client(session, set.batches[index]), blocks[index]));
    });
  });
}

Result<void> forget_engine_alone(Client& client, const RowSet& set) {
  return client.with_session([&](Session& session) -> Result<void> {
    for (std::size_t index = 0; index < set.batches.size(); ++index)
      OPTIINFRA_CHECK(
          session.execute({.sql = "DROP TABLE " + source_of(session.database(), index) + " SYNC"}));
    return {};
  });
}

}  // namespace optiinfra::benchmark
