// What a NestJS user writes today: TypeORM, ioredis, socket.io, a JWT guard; Express or Fastify, 1 process or a cluster.
import { createSecretKey } from 'node:crypto';
import {
  Body, CanActivate, Controller, ExecutionContext, Get, HttpCode, Inject, Injectable, Module, NotFoundException, Param,
  ParseIntPipe, Post, Query, Req, UnauthorizedException, UseGuards, ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { TypeOrmModule, InjectRepository } from '@nestjs/typeorm';
import { MessageBody, ConnectedSocket, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { createAdapter } from '@socket.io/redis-adapter';
import { Type } from 'class-transformer';
import { ArrayMinSize, IsInt, IsOptional, Max, Min, ValidateNested } from 'class-validator';
import Redis from 'ioredis';
import { Server, Socket } from 'socket.io';
import { Column, CreateDateColumn, DataSource, Entity, In, JoinColumn, ManyToOne, OneToMany, PrimaryColumn,
  PrimaryGeneratedColumn, Repository } from 'typeorm';

@Entity('products') class Product {
  @PrimaryColumn('bigint') id: string; @Column('bigint', { name: 'seller_id' }) sellerId: string; @Column('text') name: string;
  @Column('text') description: string; @Column('bigint', { name: 'price_minor' }) priceMinor: string; @Column('int') stock: number;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt: Date;
}
@Entity('orders') class Order {
  @PrimaryGeneratedColumn('uuid') id: string; @Column('bigint', { name: 'buyer_id' }) buyerId: string;
  @Column('bigint', { name: 'seller_id' }) sellerId: string; @Column('text') status: string;
  @Column('bigint', { name: 'total_minor' }) totalMinor: string;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt: Date;
  @OneToMany(() => OrderItem, (i) => i.order, { cascade: ['insert'] }) items: OrderItem[];
}
@Entity('order_items') class OrderItem {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id: string;
  @ManyToOne(() => Order, (o) => o.items) @JoinColumn({ name: 'order_id' }) order: Order;
  @Column('bigint', { name: 'product_id' }) productId: string; @Column('int') qty: number;
  @Column('bigint', { name: 'price_minor' }) priceMinor: string;
}
@Entity('reel_likes') class ReelLike {
  @PrimaryColumn('bigint', { name: 'reel_id' }) reelId: string; @PrimaryColumn('bigint', { name: 'user_id' }) userId: string;
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' }) createdAt: Date;
}

class ItemDto { @IsInt() @Min(1) productId: number; @IsInt() @Min(1) @Max(99) qty: number; }
class CreateOrderDto { @ValidateNested({ each: true }) @Type(() => ItemDto) @ArrayMinSize(1) items: ItemDto[]; }
class PageDto {
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) page: number = 1;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(100) limit: number = 20;
}

const REDIS = 'REDIS';

@Injectable() class JwtGuard implements CanActivate {
  constructor(private jwt: JwtService) {}
  async canActivate(ctx: ExecutionContext) {
    const req = ctx.switchToHttp().getRequest();
    const [t, token] = (req.headers.authorization ?? '').split(' ');
    if (t !== 'Bearer') throw new UnauthorizedException();
    try { req.user = await this.jwt.verifyAsync(token); } catch { throw new UnauthorizedException(); }
    return true;
  }
}

@WebSocketGateway({ cors: true, transports: ['websocket'] })
class Gateway {
  @WebSocketServer() io: Server;
  @SubscribeMessage('join') join(@ConnectedSocket() s: Socket, @MessageBody() room: string) { s.join(room); }
  handleConnection(s: Socket) { const r = s.handshake.query.room; if (r) s.join(String(r)); }
}

@Controller('api')
@UseGuards(JwtGuard)
class Api {
  constructor(private ds: DataSource, @Inject(REDIS) private redis: Redis, private gw: Gateway,
    @InjectRepository(Product) private products: Repository<Product>, @InjectRepository(Order) private orders: Repository<Order>) {}

  @Get('products') async list(@Query() q: PageDto) {
    const key = `products:${q.page}:${q.limit}`;
    const hit = await this.redis.get(key);
    if (hit) return JSON.parse(hit);
    const [items, total] = await this.products.findAndCount({ skip: (q.page - 1) * q.limit, take: q.limit, order: { id: 'ASC' } });
    const out = { items, total, page: q.page, limit: q.limit };
    await this.redis.set(key, JSON.stringify(out), 'EX', 300);
    return out;
  }
  @Get('orders/:id') async one(@Param('id') id: string) {
    const o = await this.orders.findOne({ where: { id }, relations: { items: true } });
    if (!o) throw new NotFoundException();
    return o;
  }
  @Post('orders') async create(@Req() req: any, @Body() dto: CreateOrderDto) {
    const saved = await this.ds.transaction(async (m) => {
      const ps = await m.find(Product, { where: { id: In(dto.items.map((i) => i.productId)) } });
      const byId = new Map(ps.map((p) => [Number(p.id), p]));
      const groups = new Map<string, OrderItem[]>();
      for (const i of dto.items) {
        const p = byId.get(i.productId); if (!p) throw new NotFoundException();
        const item = m.create(OrderItem, { productId: String(i.productId), qty: i.qty, priceMinor: p.priceMinor });
        if (!groups.has(p.sellerId)) groups.set(p.sellerId, []);
        groups.get(p.sellerId)!.push(item);
      }
      const os = [...groups].map(([sellerId, items]) => m.create(Order, { buyerId: String(req.user.sub), sellerId, status: 'NEW',
        totalMinor: String(items.reduce((a, x) => a + Number(x.priceMinor) * x.qty, 0)), items }));
      return m.save(os);
    });
    for (const o of saved) this.gw.io.to(`seller:${o.sellerId}`).emit('order:new', { id: o.id, total: o.totalMinor });
    return saved.map((o) => ({ id: o.id, sellerId: o.sellerId, totalMinor: o.totalMinor, status: o.status }));
  }
  @Post('broadcast') @HttpCode(202) broadcast(@Body() body: any) { this.gw.io.to('room').emit('changed', body); return {}; }
  @Post('reels/:id/like') @HttpCode(200) async like(@Req() req: any, @Param('id', ParseIntPipe) id: number) {
    const repo = this.ds.getRepository(ReelLike); const w = { reelId: String(id), userId: String(req.headers['x-user'] ?? req.user.sub) };
    const had = await repo.findOne({ where: w });
    let likes: number;
    if (had) { await repo.delete(w); likes = await this.redis.decr(`reel:${id}:likes`); }
    else {
      await repo.createQueryBuilder().insert().values(w).orIgnore().execute();
      likes = await this.redis.incr(`reel:${id}:likes`);
    }
    this.gw.io.to(`reel:${id}`).emit('reel:counters', { id, likes });
    return { liked: !had, likes };
  }
}

@Module({
  imports: [
    // PEER_JWT=str is what most apps write. jsonwebtoken 9 then tries createPublicKey(secret) on every verify, which throws slowly;
    // the default here hands it a KeyObject, so that the peer is not measured at its worst.
    JwtModule.register({ secret: (process.env.PEER_JWT === 'str' ? process.env.JWT_SECRET : createSecretKey(Buffer.from(process.env.JWT_SECRET!))) as any, verifyOptions: { algorithms: ['HS256'] } }),
    TypeOrmModule.forRoot({ type: 'postgres', host: process.env.PG_HOST, port: Number(process.env.PG_PORT), username: process.env.PG_USER, password: process.env.PG_PASSWORD,
      database: process.env.PG_DB, entities: [Product, Order, OrderItem, ReelLike], synchronize: false, logging: false }),
    TypeOrmModule.forFeature([Product, Order, OrderItem, ReelLike]),
  ],
  controllers: [Api],
  providers: [Gateway, JwtGuard, { provide: REDIS, useFactory: () => new Redis(process.env.REDIS_URL!) }],
})
class AppModule {}

class RedisIo extends IoAdapter {
  createIOServer(port: number, opts?: any) {
    const s = super.createIOServer(port, opts);
    if (Number(process.env.PEER_WORKERS ?? 1) > 1) {
      const p = new Redis(process.env.REDIS_URL!); s.adapter(createAdapter(p, p.duplicate()));
    }
    return s;
  }
}

export async function bootstrap() {
  const fastify = process.env.PEER_ADAPTER === 'fastify';
  const app = fastify ? await NestFactory.create(AppModule, new FastifyAdapter() as any, { logger: ['error', 'warn'] })
    : await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
  app.useWebSocketAdapter(new RedisIo(app));
  await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
}
