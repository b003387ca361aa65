/** Ranks by key of rows that come by amount, largest first: equal amounts share a rank (1, 2, 2, 4). */
export function ranksOf(rows: readonly { key: string; amount: string | null }[]): Map<string, number> {
  const ranks = new Map<string, number>();
  let rank = 0;
  for (const [index, row] of rows.entries()) {
    if (index === 0 || rows[index - 1]?.amount !== row.amount) rank = index + 1;
    ranks.set(row.key, rank);
  }
  return ranks;
}
