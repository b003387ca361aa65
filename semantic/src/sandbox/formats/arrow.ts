/** An Arrow IPC stream of a result, as `tableFromIPC` and pyarrow read it. */
import {
  Bool,
  DateDay,
  Decimal,
  Field,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMicrosecond,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
  Utf8,
  type Data,
  type DataType,
} from "apache-arrow";
import { DuckDBTypeId } from "@duckdb/node-api";
import type { DuckDBDateValue, DuckDBDecimalType, DuckDBDecimalValue, DuckDBResult, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { jsonValue } from "../values.ts";

/** DuckDB's chunks have 2,048 rows; batches of so few cost more than they carry. */
const rowsPerBatch = 65_536;

interface Column {
  type: DataType;
  /** The buffer of values; what is null counts as zero. */
  pack: (values: readonly DuckDBValue[]) => { data: ArrayBufferView; valueOffsets?: Int32Array };
}

type Numbers = Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

const numbers = (type: DataType, create: (length: number) => Numbers): Column => ({
  type,
  pack: (values) => {
    const data = create(values.length);
    for (const [index, value] of values.entries()) data[index] = value === null ? 0 : Number(value);
    return { data };
  },
});

const bigints = (
  type: DataType,
  create: (length: number) => BigInt64Array | BigUint64Array,
  read: (value: DuckDBValue) => bigint,
): Column => ({
  type,
  pack: (values) => {
    const data = create(values.length);
    for (const [index, value] of values.entries()) data[index] = value === null ? 0n : read(value);
    return { data };
  },
});

/** 128 bits in two halves, little-endian. */
const decimals = (scale: number, width: number, read: (value: DuckDBValue) => bigint): Column => ({
  type: new Decimal(scale, width, 128),
  pack: (values) => {
    const halves = new BigInt64Array(values.length * 2);
    for (const [index, value] of values.entries()) {
      if (value === null) continue;
      const exact = read(value);
      halves[index * 2] = BigInt.asIntN(64, exact);
      halves[index * 2 + 1] = exact >> 64n;
    }
    return { data: new Uint32Array(halves.buffer) };
  },
});

const texts = (read: (value: DuckDBValue) => string): Column => ({
  type: new Utf8(),
  pack: (values) => {
    const parts = values.map((value) => (value === null ? "" : read(value)));
    const valueOffsets = new Int32Array(values.length + 1);
    for (const [index, part] of parts.entries()) valueOffsets[index + 1] = valueOffsets[index]! + Buffer.byteLength(part);
    return { data: Buffer.from(parts.join("")), valueOffsets };
  },
});

const micros = (value: DuckDBValue): bigint => (value as { micros: bigint }).micros;

const columnOf = (type: DuckDBType): Column => {
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return { type: new Bool(), pack: (values) => ({ data: bitmap(values.map((value) => value === true)) }) };
    case DuckDBTypeId.TINYINT:
      return numbers(new Int8(), (length) => new Int8Array(length));
    case DuckDBTypeId.SMALLINT:
      return numbers(new Int16(), (length) => new Int16Array(length));
    case DuckDBTypeId.INTEGER:
      return numbers(new Int32(), (length) => new Int32Array(length));
    case DuckDBTypeId.UTINYINT:
      return numbers(new Uint8(), (length) => new Uint8Array(length));
    case DuckDBTypeId.USMALLINT:
      return numbers(new Uint16(), (length) => new Uint16Array(length));
    case DuckDBTypeId.UINTEGER:
      return numbers(new Uint32(), (length) => new Uint32Array(length));
    case DuckDBTypeId.FLOAT:
      return numbers(new Float32(), (length) => new Float32Array(length));
    case DuckDBTypeId.DOUBLE:
      return numbers(new Float64(), (length) => new Float64Array(length));
    case DuckDBTypeId.BIGINT:
      return bigints(
        new Int64(),
        (length) => new BigInt64Array(length),
        (value) => value as bigint,
      );
    case DuckDBTypeId.UBIGINT:
      return bigints(
        new Uint64(),
        (length) => new BigUint64Array(length),
        (value) => value as bigint,
      );
    case DuckDBTypeId.HUGEINT:
      return decimals(0, 38, (value) => value as bigint);
    case DuckDBTypeId.DECIMAL: {
      const { scale, width } = type as DuckDBDecimalType;
      return decimals(scale, width, (value) => (value as DuckDBDecimalValue).value);
    }
    case DuckDBTypeId.DATE:
      return {
        type: new DateDay(),
        pack: (values) => ({ data: Int32Array.from(values, (value) => (value === null ? 0 : (value as DuckDBDateValue).days)) }),
      };
    case DuckDBTypeId.TIMESTAMP:
      return bigints(new TimestampMicrosecond(), (length) => new BigInt64Array(length), micros);
    case DuckDBTypeId.TIMESTAMP_TZ:
      return bigints(new TimestampMicrosecond("UTC"), (length) => new BigInt64Array(length), micros);
    case DuckDBTypeId.VARCHAR:
      return texts((value) => value as string);
    default:
      // Lists, structs, intervals and the like as their JSON.
      return texts((value) => {
        const json = jsonValue(value, type, jsonValue);
        return typeof json === "string" ? json : JSON.stringify(json);
      });
  }
};

/** Least significant bit first. */
const bitmap = (bits: readonly boolean[]): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [index, bit] of bits.entries()) if (bit) bytes[index >> 3] = bytes[index >> 3]! | (1 << (index & 7));
  return bytes;
};

const dataOf = ({ type, pack }: Column, values: readonly DuckDBValue[]): Data => {
  const present = values.map((value) => value !== null);
  const nullCount = present.filter((is) => !is).length;
  return makeData({
    type,
    length: values.length,
    nullCount,
    ...(nullCount ? { nullBitmap: bitmap(present) } : {}),
    ...pack(values),
  } as Parameters<typeof makeData>[0]);
};

/** The bytes of the stream, piece by piece. A result without rows is a schema alone. */
export async function* arrowBytes(result: DuckDBResult): AsyncGenerator<Uint8Array> {
  const columns = result.columnTypes().map(columnOf);
  const names = result.columnNames();
  const schema = new Schema(columns.map(({ type }, index) => new Field(names[index]!, type, true)));
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  let waiting: DuckDBValue[][] = columns.map(() => []);
  const flush = (): void => {
    const length = waiting[0]?.length ?? 0;
    if (length === 0) return;
    const children = columns.map((column, index) => dataOf(column, waiting[index]!));
    waiting = columns.map(() => []);
    writer.write(new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, nullCount: 0, children })));
  };
  const feeding = (async () => {
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      chunk.appendToColumns(waiting);
      if (waiting[0]!.length >= rowsPerBatch) flush();
    }
    flush();
    writer.finish();
  })().catch((error: unknown) => void writer.abort(error));
  yield* writer;
  await feeding;
}
