/** Postgres's FirstNormalObjectId: smaller ones are the server's own. */
const firstNormalOid = 16_384;

/**
 * SQL of common table expressions, for the publication `$1`: `published` (relid, filtered, attnames), and `leaf` (root, relid), the partitions with rows of
 * every partitioned table. As `pg_publication_tables` and `pg_partition_tree` tell it, but these lock every table that they name: one that somebody else has
 * locked, while it is rewritten say, would keep the whole mirror waiting.
 */
export const publishedTables = `
below (root, relid) as (
  select oid, oid from pg_class where relkind = 'p'
  union
  select below.root, inh.inhrelid from below join pg_inherits as inh on inh.inhparent = below.relid and not inh.inhdetachpending
), leaf as materialized (
  select below.root, cls.oid as relid from below join pg_class as cls on cls.oid = below.relid where cls.relkind <> 'p'
), pub as materialized (
  -- Before version 18 no generated column is published of itself.
  select oid, puballtables, pubviaroot, coalesce(to_jsonb(pg_publication) ->> 'pubgencols', 'n') = 's' as generated from pg_publication where pubname = $1
), given as materialized (
  -- Where the whole schema is published, a table's own filter does not count.
  select distinct on (relid) relid, filter, attrs from (
    select rel.prrelid as relid, rel.prqual is not null as filter, rel.prattrs as attrs, 2 as rank from pg_publication_rel as rel join pub on pub.oid = rel.prpubid
    union all
    select cls.oid, false, null, 1 from pg_class as cls cross join pub
    where cls.relkind in ('r', 'p') and cls.relpersistence = 'p' and cls.oid >= ${firstNormalOid}
      and (pub.puballtables or exists (select from pg_publication_namespace as nsp where nsp.pnpubid = pub.oid and nsp.pnnspid = cls.relnamespace))
  ) as ways order by relid, rank
), streamed (relid) as materialized (
  select relid from given cross join pub
  where pub.pubviaroot and not exists (select from below join given as above on above.relid = below.root where below.relid = given.relid and below.root <> given.relid)
  union
  select coalesce(leaf.relid, given.relid) from given cross join pub join pg_class as cls on cls.oid = given.relid left join leaf on leaf.root = given.relid
  where not pub.pubviaroot and (leaf.relid is not null or cls.relkind <> 'p')
), published as materialized (
  select streamed.relid, coalesce(given.filter, false) as filtered, array(
    select att.attname from pg_attribute as att
    where att.attrelid = streamed.relid and att.attnum > 0 and not att.attisdropped
      and case when given.attrs is null then att.attgenerated = '' or pub.generated and att.attgenerated = 's' else att.attnum = any(given.attrs::int2[]) end
  ) as attnames
  from streamed cross join pub left join given on given.relid = streamed.relid
)`;
