/** A chart of the page as a picture file, with its title above and its origin below. */

export interface Caption {
  title: string;
  subtitle: string;
  /** Where the figures come from and how fresh they are. */
  origin: string;
  legend: readonly { label: string; color: string }[];
}

const svgNamespace = "http://www.w3.org/2000/svg";
/** Pixels of the file for each of the screen, so that it is sharp on paper. */
const sharpness = 2;
const margin = 16;
const line = 20;
/** What a shape looks like by the page's styles; in a drawing of its own there are none. */
const looks = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "opacity"];

function writeLooks(from: Element, to: Element): void {
  const style = getComputedStyle(from);
  for (const name of looks) {
    const value = style.getPropertyValue(name);
    // A pattern is named by the address of the page; in the drawing it stands beside the shapes.
    if (value) to.setAttribute(name, value.replace(/url\("[^"]*#([\w-]+)"\)/, "url(#$1)"));
  }
  to.removeAttribute("class");
  to.removeAttribute("style");
  [...from.children].forEach((child, index) => {
    const twin = to.children[index];
    if (twin) writeLooks(child, twin);
  });
}

/** The shapes of a chart as a drawing that needs nothing of the page. Without its texts: a drawing can't use the letters that the page has loaded. */
function shapesOf(chart: SVGSVGElement): string {
  const twin = chart.cloneNode(true) as SVGSVGElement;
  writeLooks(chart, twin);
  for (const text of twin.querySelectorAll("text")) text.remove();
  for (const pattern of document.querySelectorAll("pattern[id]")) {
    const copy = pattern.cloneNode(true) as Element;
    writeLooks(pattern, copy);
    const definitions = document.createElementNS(svgNamespace, "defs");
    definitions.append(copy);
    twin.prepend(definitions);
  }
  twin.setAttribute("xmlns", svgNamespace);
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(twin))}`;
}

/** Texts of the chart, each line by itself, where they stand on the screen and turned as they are there. */
function writeTexts(chart: SVGSVGElement, brush: CanvasRenderingContext2D, left: number, top: number): void {
  const origin = chart.getBoundingClientRect();
  for (const text of chart.querySelectorAll<SVGTextContentElement>("text, tspan")) {
    if (text.querySelector("tspan") || !text.textContent.trim()) continue;
    const style = getComputedStyle(text);
    const turn = (text.closest("text") as SVGTextElement).getScreenCTM();
    const box = text.getBoundingClientRect();
    brush.save();
    brush.translate(left + box.x - origin.x + box.width / 2, top + box.y - origin.y + box.height / 2);
    if (turn) brush.rotate(Math.atan2(turn.b, turn.a));
    brush.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    brush.textAlign = "center";
    brush.textBaseline = "middle";
    if (style.stroke !== "none") {
      brush.strokeStyle = style.stroke;
      brush.lineWidth = Number.parseFloat(style.strokeWidth);
      brush.lineJoin = "round";
      brush.strokeText(text.textContent, 0, 0);
    }
    brush.fillStyle = style.fill;
    brush.fillText(text.textContent, 0, 0);
    brush.restore();
  }
}

/** The chart as PNG. Throws when the browser can't paint it. */
export async function pngOf(chart: SVGSVGElement, caption: Caption): Promise<Blob> {
  const { width, height } = chart.getBoundingClientRect();
  const style = getComputedStyle(chart);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const top = margin + 2 * line;
  const bottom = top + height + line;
  const image = new Image();
  image.src = shapesOf(chart);
  await image.decode();

  const canvas = document.createElement("canvas");
  const hasLegend = caption.legend.length > 0;
  const full = { width: width + 2 * margin, height: bottom + (hasLegend ? line : 0) + margin };
  canvas.width = full.width * sharpness;
  canvas.height = full.height * sharpness;
  const brush = canvas.getContext("2d");
  if (!brush) throw new Error("This browser draws no canvas");
  const write = (text: string, x: number, y: number, font: string, color: string): number => {
    brush.font = `${font} ${style.fontFamily}`;
    brush.fillStyle = color;
    brush.fillText(text, x, y);
    return brush.measureText(text).width;
  };
  brush.scale(sharpness, sharpness);
  brush.fillStyle = token("--surface");
  brush.fillRect(0, 0, full.width, full.height);
  brush.drawImage(image, margin, top, width, height);
  writeTexts(chart, brush, margin, top);
  write(caption.title, margin, margin + 12, "600 14px", token("--ink"));
  write(caption.subtitle, margin, margin + 12 + line, "400 12px", token("--ink-3"));
  let x = margin;
  for (const { label, color } of caption.legend) {
    brush.fillStyle = color;
    brush.fillRect(x, bottom - 9, 10, 10);
    x += 15 + write(label, x + 15, bottom, "400 12px", token("--ink-3")) + 16;
  }
  write(caption.origin, margin, bottom + (hasLegend ? line : 0), "400 11px", token("--ink-3"));
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("This browser makes no PNG of the picture"))), "image/png"),
  );
}
