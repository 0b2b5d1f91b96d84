// Four sizes of one JPEG, as WebP and JPEG, the two largest also as AVIF: decoded once, as Souk does.
import sharp from 'sharp'
import { readFileSync } from 'node:fs'

const [, , source, rounds] = process.argv
const SIZES = [[1200, 90, 67], [600, 85, 62], [300, 80], [150, 80]]

async function render() {
  const { data, info } = await sharp(source).rotate().resize(1200, 1200, { fit: 'inside', withoutEnlargement: true })
    .raw().toBuffer({ resolveWithObject: true })
  const largest = { raw: { width: info.width, height: info.height, channels: info.channels } }
  await Promise.all(SIZES.flatMap(([side, quality, avif]) => {
    const fit = side === 150 ? 'cover' : 'inside'
    const made = () => sharp(data, largest).resize(side, side, { fit, withoutEnlargement: true })
    return [made().webp({ quality, effort: 3 }).toBuffer(), made().jpeg({ quality }).toBuffer(),
      ...(avif ? [made().avif({ quality: avif, effort: 0 }).toBuffer()] : [])]
  }))
}

sharp.cache(false)
await render()
const times = []
for (let round = 0; round < Number(rounds); round++) {
  const began = performance.now()
  await render()
  times.push(performance.now() - began)
}
times.sort((a, b) => a - b)
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
console.log(JSON.stringify({ time: times[times.length >> 1], memory: peak }))
